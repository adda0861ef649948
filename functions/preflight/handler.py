"""The state Preflight: checks a request with Describe rights, before anybody is asked."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from functions.preflight.preflight import Preflighting, preflight
from functions.shared.approval_reader import ApprovalReader
from functions.shared.aws import client
from functions.shared.findings import Findings
from functions.shared.identifiers import utc_now
from functions.shared.lease_table import LeaseReader
from functions.shared.looking import Looking
from functions.shared.observe import begin
from functions.shared.price_list import PriceList
from functions.shared.readings import Readings
from functions.shared.target_settings import PreflightSettings
from functions.shared.targets import Targets
from functions.shared.workflow import repeatable


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
        readings=lambda target: Readings(looking().clients(target)),
        price_list=PriceList(),
        clock=utc_now,
    )


@cache
def looking() -> Looking:
    return Looking(
        "ec2", "service-quotas", "ssm", "iam", session_name="countersign-preflight", clock=utc_now
    )


@repeatable
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Look one request over; the answer holds only what the workflow may know."""
    begin(context)
    preflight(deps(), PreflightEvent.model_validate(event).approval_id)
    return {"v": 2}
