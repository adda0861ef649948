"""What can be chosen from: images, key pairs, instance types. Reads alone, for calls that nobody countersigns."""

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.catalogue.listings import Asked, Catalogue, Image, answer
from functions.shared.identifiers import utc_now
from functions.shared.looking import Looking
from functions.shared.observe import asked_in, begin, logger
from functions.shared.price_list import PriceList
from functions.shared.readings import Readings
from functions.shared.target_settings import CatalogueSettings
from functions.shared.targets import Targets

MOST_CALLS = 64


class Arguments(BaseModel):
    """Of all that a call may carry, a listing takes where."""

    model_config = ConfigDict(frozen=True)

    target: str = ""


class Call(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str
    operation: str = ""
    arguments: Arguments = Arguments()


class CatalogueEvent(BaseModel):
    """The calls of one answer of the model."""

    model_config = ConfigDict(frozen=True)

    v: Literal[1]
    request_id: str = ""
    seconds: float = Field(gt=0)
    calls: list[Call] = Field(max_length=MOST_CALLS)


@cache
def deps() -> Catalogue:
    settings = CatalogueSettings.load(os.environ)
    return Catalogue(
        targets=Targets.parsed(settings.targets),
        images={
            name: tuple(Image(**image) for image in images)
            for name, images in json.loads(settings.images).items()
        },
        instance_types=tuple(filter(None, settings.instance_types.split(","))),
        readings=lambda target, seconds: Readings(looking().clients(target), seconds=seconds),
        price_list=PriceList(),
        clock=utc_now,
    )


@cache
def looking() -> Looking:
    return Looking("ec2", "ssm", session_name="countersign-catalogue", clock=utc_now)


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Answer every call of one answer of the model, in order."""
    begin(context)
    asked = CatalogueEvent.model_validate(event)
    asked_in(asked.request_id)
    calls = [Asked(call.id, call.operation, call.arguments.target) for call in asked.calls]
    results = answer(deps(), calls, asked.seconds)
    logger.info("the catalogue was read", calls=len(results))
    return {"v": 1, "results": results}
