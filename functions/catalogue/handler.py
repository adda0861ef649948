"""What can be chosen from: images, key pairs, instance types. Reads alone, for calls that nobody countersigns."""

import json
import os
from collections.abc import Mapping
from functools import cache, partial
from typing import Any, Literal

import boto3
from botocore.config import Config
from pydantic import BaseModel, ConfigDict, Field

from functions.catalogue.listings import Catalogue, Image, answer
from functions.shared.identifiers import utc_now
from functions.shared.observe import begin, logger
from functions.shared.price_list import SERVED_IN, PriceList
from functions.shared.readings import Readings
from functions.shared.target_settings import CatalogueSettings

MOST_CALLS = 64
QUICK = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 2},
)


class Call(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str
    operation: str = ""


class CatalogueEvent(BaseModel):
    """The calls of one answer of the model; the arguments are none that a listing takes."""

    model_config = ConfigDict(frozen=True)

    v: Literal[1]
    seconds: float = Field(gt=0)
    calls: list[Call] = Field(max_length=MOST_CALLS)


@cache
def deps() -> Catalogue:
    settings = CatalogueSettings.load(os.environ)
    return Catalogue(
        region=settings.region,
        images=tuple(Image(**image) for image in json.loads(settings.images)),
        instance_types=tuple(filter(None, settings.instance_types.split(","))),
        readings=partial(Readings, quick_clients(settings.region)),
        price_list=PriceList(),
        clock=utc_now,
    )


@cache
def quick_clients(region: str) -> dict[str, Any]:
    """Clients that give up early; the price list has a home of its own."""
    make: Any = boto3.client
    return {
        "ec2": make("ec2", region_name=region, config=QUICK),
        "ssm": make("ssm", region_name=region, config=QUICK),
        "pricing": make("pricing", region_name=SERVED_IN, config=QUICK),
    }


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Answer every call of one answer of the model, in order."""
    begin(context)
    asked = CatalogueEvent.model_validate(event)
    results = answer(deps(), [(call.id, call.operation) for call in asked.calls], asked.seconds)
    logger.info("the catalogue was read", calls=len(results))
    return {"v": 1, "results": results}
