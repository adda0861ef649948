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
from functions.shared.target_settings import PreflightSettings
from functions.shared.workflow import repeatable

QUICK = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 2},
)


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
        approvals=ApprovalReader(dynamodb, settings.approvals_table),
        leases=LeaseReader(dynamodb, settings.approvals_table),
        findings=Findings(dynamodb, settings.approvals_table),
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
        "service-quotas": make("service-quotas", region_name=region, config=QUICK),
        "ssm": make("ssm", region_name=region, config=QUICK),
        "iam": make("iam", config=QUICK),
        "pricing": make("pricing", region_name=SERVED_IN, config=QUICK),
    }


@repeatable
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Look one request over; the answer holds only what the workflow may know."""
    begin(context)
    preflight(deps(), PreflightEvent.model_validate(event).approval_id)
    return {"v": 2}
