"""The state Preflight: checks a request with Describe rights, before anybody is asked."""

import os
from collections.abc import Mapping
from functools import cache, partial
from typing import Any, Literal

import boto3
from botocore.config import Config
from pydantic import BaseModel, ConfigDict

from functions.preflight.preflight import Preflighting, preflight
from functions.shared.approval_reader import ApprovalReader
from functions.shared.aws import client
from functions.shared.findings import Findings
from functions.shared.identifiers import utc_now
from functions.shared.lease_table import LeaseReader
from functions.shared.observe import begin
from functions.shared.price_list import SERVED_IN, PriceList
from functions.shared.readings import Readings
from functions.shared.target_clients import TargetClients
from functions.shared.target_settings import PreflightSettings
from functions.shared.targets import Target, Targets
from functions.shared.workflow import repeatable

QUICK = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 2},
)


LOOKED_AT = ("ec2", "service-quotas", "ssm", "iam")


class PreflightEvent(BaseModel):
    model_config = ConfigDict(frozen=True)

    v: Literal[1, 2]
    approval_id: str


@cache
def deps() -> Preflighting:
    settings = PreflightSettings.load(os.environ)
    dynamodb = client("dynamodb")
    return Preflighting(
        settings=settings,
        targets=Targets.parsed(settings.targets),
        approvals=ApprovalReader(dynamodb, settings.approvals_table),
        leases=LeaseReader(dynamodb, settings.approvals_table),
        findings=Findings(dynamodb, settings.approvals_table),
        readings=lambda target: Readings(quick_clients(target)),
        price_list=PriceList(),
        clock=utc_now,
    )


@cache
def looking() -> TargetClients:
    """Clients that give up early."""
    return TargetClients(
        partial(client, "sts"),
        role_of=lambda target: target.look_role,
        session_name="countersign-preflight",
        config=QUICK,
        clock=utc_now,
    )


def quick_clients(target: Target) -> dict[str, Any]:
    """Those that look around in a target; the price list has a home of its own, and is for every account.

    Raises what the assuming of the target's role raises.
    """
    there = {service: looking().client(service, target) for service in LOOKED_AT}
    return there | {"pricing": price_list_client()}


@cache
def price_list_client() -> Any:
    make: Any = boto3.client
    return make("pricing", region_name=SERVED_IN, config=QUICK)


@repeatable
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Look one request over; the answer holds only what the workflow may know."""
    begin(context)
    preflight(deps(), PreflightEvent.model_validate(event).approval_id)
    return {"v": 2}
