"""The state LaunchInstance: the only function that may assume the launch role."""

import os
import time
from collections.abc import Mapping
from functools import cache, partial
from typing import Any, Literal

import boto3
from botocore.config import Config
from pydantic import BaseModel, ConfigDict

from functions.launch_instance.hand_over import run_action_room, sandbox_room
from functions.launch_instance.launch import launch
from functions.launch_instance.launch_role import Session, under_launch_role
from functions.launch_instance.launching import Launching
from functions.launch_instance.rehearse import rehearse
from functions.shared.approval_table import ApprovalTable
from functions.shared.aws import client
from functions.shared.budgets import LaunchBudgets
from functions.shared.findings import Findings
from functions.shared.freeze import read_freeze
from functions.shared.identifiers import utc_now
from functions.shared.lease_table import LeaseTable
from functions.shared.ledger import Ledger
from functions.shared.observe import begin
from functions.shared.seal import SealCheck
from functions.shared.target_settings import LaunchInstanceSettings
from functions.shared.targets import Targets
from functions.shared.workflow import repeatable

RUN_ACTION_SECONDS = 130
SANDBOX_SECONDS = 190
"""Longer than either room may take."""


class LaunchInstanceEvent(BaseModel):
    model_config = ConfigDict(frozen=True)

    v: Literal[1, 2]
    approval_id: str
    digest: str
    call_id: str


class Rehearse(BaseModel):
    model_config = ConfigDict(frozen=True)

    v: Literal[2]
    command: Literal["rehearse"]
    approval_id: str


@cache
def deps() -> Launching:
    settings = LaunchInstanceSettings.load(os.environ)
    dynamodb = client("dynamodb")
    approvals = ApprovalTable(dynamodb, settings.approvals_table, settings.audit_table)
    return Launching(
        settings=settings,
        targets=Targets.parsed(settings.targets),
        approvals=approvals,
        ledger=Ledger(dynamodb, approvals),
        leases=LeaseTable(dynamodb, approvals),
        budgets=LaunchBudgets(
            table=settings.budgets_table if settings.budget_launches else "",
            launches=settings.budget_launches,
            live_instances=settings.budget_live_instances,
        ),
        findings=Findings(dynamodb, settings.approvals_table),
        seals=SealCheck(client("kms"), settings.decision_keys.split(",")),
        freeze=lambda: read_freeze(client("ssm"), settings.freeze_parameter),
        ec2_for=partial(_under_role, "ec2"),
        ssm_for=partial(_under_role, "ssm"),
        run_action=run_action_room(
            partial(once_client, RUN_ACTION_SECONDS), settings.run_action_function
        ),
        ask_sandbox=sandbox_room(
            partial(once_client, SANDBOX_SECONDS), settings.ask_sandbox_function
        ),
        clock=utc_now,
        sleep=time.sleep,
    )


def _under_role(service: str, session: Session) -> Any:
    return under_launch_role(service, client("sts"), session)


@cache
def once_client(seconds: int) -> Any:
    """A Lambda client that waits so long for an answer, and asks once."""
    make: Any = boto3.client
    config = Config(connect_timeout=3, read_timeout=seconds, retries={"total_max_attempts": 1})
    return make("lambda", config=config)


@repeatable
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Launch one approved call, or rehearse a request; the answer holds only what the workflow may know."""
    begin(context)
    if event.get("command") == "rehearse":
        rehearse(deps(), Rehearse.model_validate(event).approval_id)
        return {"v": 2}
    request = LaunchInstanceEvent.model_validate(event)
    outcome = launch(deps(), request.approval_id, request.digest, request.call_id)
    return {"v": request.v, "status": outcome.status}
