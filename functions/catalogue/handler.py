"""What can be chosen from: images, key pairs, instance types. Reads alone, for calls that nobody countersigns."""

import json
import os
from collections.abc import Mapping
from functools import cache, partial
from typing import Any, Literal

import boto3
from botocore.config import Config
from pydantic import BaseModel, ConfigDict, Field

from functions.catalogue.listings import Asked, Catalogue, Image, answer
from functions.shared.aws import client
from functions.shared.identifiers import utc_now
from functions.shared.observe import asked_in, begin, logger
from functions.shared.price_list import SERVED_IN, PriceList
from functions.shared.readings import Readings
from functions.shared.target_clients import TargetClients
from functions.shared.target_settings import CatalogueSettings
from functions.shared.targets import Target, Targets

MOST_CALLS = 64
QUICK = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 2},
)


class Arguments(BaseModel):
    """Of those that a listing takes, none is but where."""

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
        readings=lambda target, seconds: Readings(quick_clients(target), seconds=seconds),
        price_list=PriceList(),
        clock=utc_now,
    )


@cache
def looking() -> TargetClients:
    """Clients that give up early."""
    return TargetClients(
        partial(client, "sts"),
        role_of=lambda target: target.look_role,
        session_name="countersign-catalogue",
        config=QUICK,
        clock=utc_now,
    )


def quick_clients(target: Target) -> dict[str, Any]:
    """Those that look around in a target; the price list has a home of its own, and is for every account.

    Raises what the assuming of the target's role raises.
    """
    there = {service: looking().client(service, target) for service in ("ec2", "ssm")}
    return there | {"pricing": price_list_client()}


@cache
def price_list_client() -> Any:
    make: Any = boto3.client
    return make("pricing", region_name=SERVED_IN, config=QUICK)


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Answer every call of one answer of the model, in order."""
    begin(context)
    asked = CatalogueEvent.model_validate(event)
    asked_in(asked.request_id)
    calls = [Asked(call.id, call.operation, call.arguments.target) for call in asked.calls]
    results = answer(deps(), calls, asked.seconds)
    logger.info("the catalogue was read", calls=len(results))
    return {"v": 1, "results": results}
