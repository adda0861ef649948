"""The rehearsal: each call as it would be launched, with DryRun, by the only role that could launch it."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.launch_instance.ec2_errors import (
    LAUNCH,
    LaunchAmbiguous,
    Words,
    judged,
    would_refuse,
)
from functions.launch_instance.end_instance import asking, words_of
from functions.launch_instance.launching import Launching
from functions.launch_instance.request import tags_of
from functions.shared import run_instances
from functions.shared.approval import Approval, Status
from functions.shared.approved_call import client_token
from functions.shared.aws import error_code
from functions.shared.end_instances import ENDINGS
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.findings import REHEARSAL
from functions.shared.observe import logger


class RehearsalLaunched(Exception):
    """EC2 did not honour DryRun: an instance may run that nobody approved. Never retried; its execution fails."""


WOULD_HAVE_WORKED = "DryRunOperation"
PASSED: Mapping[str, Any] = {"passed": True}
ELSEWHERE: Mapping[str, Any] = {
    "passed": False,
    "code": "OtherTarget",
    "text": "The operator has changed where calls run since this was asked for; ask again.",
}


def rehearse(deps: Launching, approval_id: str) -> None:
    """Ask AWS whether it would take every call, and write down what it says; nothing is started.

    Raises `TemporarilyUnavailable` where AWS gave no clear answer, so that the workflow asks again.
    """
    logger.append_keys(approval_id=approval_id)
    approval = deps.approvals.get(approval_id)
    if approval is None or approval.status is not Status.PREPARING:
        return
    plan = approval.plan_value()
    ec2 = None
    if any(call["operation"] in REHEARSALS for call in plan["calls"]):
        try:
            ec2 = deps.ec2_for(approval_id)
        except (BotoCoreError, ClientError) as error:
            raise TemporarilyUnavailable(
                f"The launch role could not be assumed: {error_code(error)}"
            ) from error
    is_here = (plan["account"], plan["region"], plan["target"]) == (
        deps.settings.account_id,
        deps.settings.region,
        deps.settings.target,
    )
    results = {
        call["id"]: _rehearsed(deps, approval, call, ec2) if is_here else ELSEWHERE
        for call in plan["calls"]
    }
    deps.findings.put(approval_id, REHEARSAL, {"calls": results}, deps.clock())


def _rehearsed(
    deps: Launching, approval: Approval, call: Mapping[str, Any], ec2: Any
) -> Mapping[str, Any]:
    rehearsal = REHEARSALS.get(call["operation"])
    if rehearsal is None:
        return PASSED
    ask, words = rehearsal(deps, approval, call, ec2)
    try:
        ask()
    except BotoCoreError as error:
        raise TemporarilyUnavailable(error_code(error)) from error
    except ClientError as error:
        return _answer(error, words)
    raise RehearsalLaunched("EC2 answered a DryRun as if it were none.")


def _launch(
    deps: Launching, approval: Approval, call: Mapping[str, Any], ec2: Any
) -> tuple[Callable[[], Any], Words]:
    parameters = call.get("parameters") or run_instances.planned(call["arguments"], {})
    request = run_instances.request(
        parameters,
        client_token=client_token(
            account=deps.settings.account_id,
            region=deps.settings.region,
            approval_id=approval.id,
            call_id=f"{call['id']} rehearsal",
            digest=approval.digest,
        ),
        tags=tags_of(
            approval_id=approval.id,
            call_id=call["id"],
            requester=approval.requester,
            approver=None,
            stack=deps.settings.stack,
            lease_ends_at=None,
        ),
    )
    return partial(ec2.run_instances, **{**request, "DryRun": True}), LAUNCH


def _end(
    deps: Launching,  # noqa: ARG001 - what is sent follows from the call alone
    approval: Approval,  # noqa: ARG001
    call: Mapping[str, Any],
    ec2: Any,
) -> tuple[Callable[[], Any], Words]:
    ending = ENDINGS[call["operation"]]
    instance_id = ending.check(call["arguments"]).instance_id
    ask = asking(ec2, ending)
    return partial(ask, InstanceIds=[instance_id], DryRun=True), words_of(ending, instance_id)


REHEARSALS: Mapping[str, Callable[..., tuple[Callable[[], Any], Words]]] = {
    "run_instances": _launch,
    "stop_instances": _end,
    "terminate_instances": _end,
}
"""By operation: the request with DryRun, and how its refusal is told; an operation that AWS cannot rehearse passes."""


def _answer(error: ClientError, words: Words) -> Mapping[str, Any]:
    code = error_code(error)
    if code == WOULD_HAVE_WORKED:
        return PASSED
    try:
        judged(error, words)
    except LaunchAmbiguous as unclear:
        raise TemporarilyUnavailable(code) from unclear
    logger.info("the rehearsal was refused", code=code)
    message = str(error.response.get("Error", {}).get("Message", ""))
    return {"passed": False, "code": code, "text": would_refuse(code, message, words)}
