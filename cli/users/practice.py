"""Asking an approver to practise: the deployed chat makes the request, and it is watched until it waits for them."""

import json
import time
from collections.abc import Callable
from typing import Any

from cli.operator import CannotOperate, Deployment
from cli.users.everybody import Somebody
from functions.shared.approval import APPROVERS, Approval, Status
from functions.shared.approval_reader import ApprovalReader

FUNCTION = "ContinueTurnFunction"
LOOKS = 20
LOOK_SECONDS = 1.5


def ask(
    deployment: Deployment, one: Somebody, *, sleep: Callable[[float], None] = time.sleep
) -> Approval:
    """A practice for this approver alone, as it waits for their decision.

    Raises `CannotOperate` where they are no approver, or it does not come before them.
    """
    if not one.is_enabled or not one.is_in(APPROVERS):
        raise CannotOperate(
            f"{one.email} is no approver: countersign users add {one.email} --approver"
        )
    approval_id = _made(deployment, one.sub)
    table = ApprovalReader(deployment.client("dynamodb"), deployment.output("ApprovalsTable"))
    for _ in range(LOOKS):
        approval = table.get(approval_id)
        if approval is not None and approval.status is Status.FAILED:
            raise CannotOperate(
                f"The practice did not come before {one.email}: {approval.ended_by}"
            )
        if approval is not None and approval.status is not Status.PREPARING:
            return approval
        sleep(LOOK_SECONDS)
    raise CannotOperate(
        f"The practice is not before {one.email} yet; look at {address_of(deployment, approval_id)}"
    )


def address_of(deployment: Deployment, approval_id: str) -> str:
    """The page on which it is decided."""
    return f"{deployment.output('Origin').rstrip('/')}/a/{approval_id}"


def _made(deployment: Deployment, sub: str) -> str:
    answer = deployment.client("lambda").invoke(
        FunctionName=deployment.output(FUNCTION),
        InvocationType="RequestResponse",
        Payload=json.dumps({"v": 2, "command": "practice", "sub": sub}).encode(),
    )
    said: Any = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer or not isinstance(said, dict) or "approval_id" not in said:
        raise CannotOperate(
            "The deployed chat made no practice: deploy this release first (make deploy), or look at its log."
        )
    return str(said["approval_id"])
