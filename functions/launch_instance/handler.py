"""The state LaunchInstance: the only function that may assume the launch role."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from functions.launch_instance.launch import Launching, launch
from functions.launch_instance.launch_role import ec2_under_launch_role
from functions.shared.approval_table import ApprovalTable
from functions.shared.aws import client
from functions.shared.identifiers import utc_now
from functions.shared.ledger import Ledger
from functions.shared.observe import begin
from functions.shared.settings import LaunchInstanceSettings


class LaunchInstanceEvent(BaseModel):
    model_config = ConfigDict(frozen=True)

    v: Literal[1]
    approval_id: str
    digest: str
    call_id: str


@cache
def deps() -> Launching:
    settings = LaunchInstanceSettings.load(os.environ)
    dynamodb = client("dynamodb")
    approvals = ApprovalTable(dynamodb, settings.approvals_table)
    return Launching(
        settings=settings,
        approvals=approvals,
        ledger=Ledger(dynamodb, approvals),
        ec2_for=lambda approval_id: ec2_under_launch_role(
            client("sts"), settings.launch_role_arn, settings.region, approval_id
        ),
        clock=utc_now,
    )


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Launch one approved call; the answer holds only what the workflow may know."""
    begin(context)
    request = LaunchInstanceEvent.model_validate(event)
    outcome = launch(deps(), request.approval_id, request.digest, request.call_id)
    return {"v": 1, "status": outcome.status}
