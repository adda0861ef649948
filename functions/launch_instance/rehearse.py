"""The rehearsal: each call as it would be launched, with DryRun, by the only role that could launch it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.launch_instance.ec2_errors import (
    LaunchAmbiguous,
    Words,
    judged,
    launch_words,
    would_refuse,
)
from functions.launch_instance.end_instance import asking, words_of
from functions.launch_instance.launch_role import Session
from functions.launch_instance.launching import Launching
from functions.launch_instance.request import tags_of
from functions.shared import fixed_parameters, run_instances
from functions.shared.approval import Approval, Status
from functions.shared.approved_call import client_token
from functions.shared.aws import error_code
from functions.shared.end_instances import ENDINGS
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.findings import REHEARSAL
from functions.shared.observe import asked_in, logger
from functions.shared.targets import NOT_DEPLOYED, Target, UnknownTarget


class RehearsalLaunched(Exception):
    """EC2 did not honour DryRun: an instance may run that nobody approved. Never retried; its execution fails."""


@dataclass(frozen=True, slots=True)
class WouldRefuse:
    """What AWS would refuse, and why, in a sentence."""

    code: str
    text: str


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
    asked_in(approval.request_id)
    plan = approval.plan_value()
    try:
        target = deps.targets.of(plan)
    except UnknownTarget:
        results = {call["id"]: ELSEWHERE for call in plan["calls"]}
    else:
        results = {call["id"]: _rehearsed(deps, approval, call, target) for call in plan["calls"]}
    deps.findings.put(approval_id, REHEARSAL, {"calls": results}, deps.clock())


def _rehearsed(
    deps: Launching, approval: Approval, call: Mapping[str, Any], target: Target
) -> Mapping[str, Any]:
    rehearsal = REHEARSALS.get(call["operation"])
    if rehearsal is None:
        return PASSED
    try:
        ec2 = deps.ec2_for(Session.of(target, approval.id, call))
    except (BotoCoreError, ClientError) as error:
        if target.external_id and error_code(error) == "AccessDenied":
            return {"passed": False, "code": NOT_DEPLOYED, "text": target.not_admitted()}
        raise TemporarilyUnavailable(
            f"The launch role could not be assumed: {error_code(error)}"
        ) from error
    refused = judged_dry_run(*rehearsal(deps, approval, call, ec2))
    if refused is None:
        return PASSED
    logger.info("the rehearsal was refused", code=refused.code)
    return {"passed": False, "code": refused.code, "text": refused.text}


def judged_dry_run(ask: Callable[[], Any], words: Words) -> WouldRefuse | None:
    """What AWS says to a request with DryRun; None where it would take it.

    Raises `TemporarilyUnavailable` where it gave no clear answer, and `RehearsalLaunched`.
    """
    try:
        ask()
    except BotoCoreError as error:
        raise TemporarilyUnavailable(error_code(error)) from error
    except ClientError as error:
        return _refusal(error, words)
    raise RehearsalLaunched("EC2 answered a DryRun as if it were none.")


def _launch(
    deps: Launching, approval: Approval, call: Mapping[str, Any], ec2: Any
) -> tuple[Callable[[], Any], Words]:
    parameters = call.get("parameters") or run_instances.planned(call["arguments"], {})
    plan = approval.plan_value()
    token = client_token(
        account=str(plan["account"]),
        region=str(plan["region"]),
        approval_id=approval.id,
        call_id=f"{call['id']} rehearsal",
        digest=approval.digest,
    )
    tags = tags_of(
        approval_id=approval.id,
        call_id=call["id"],
        requester=approval.requester,
        approver=None,
        stack=deps.settings.stack,
        lease_ends_at=None,
    )

    def ask() -> Any:
        whole = _with_disks(parameters, ec2)
        request = run_instances.request(whole, client_token=token, tags=tags)
        return ec2.run_instances(**{**request, "DryRun": True})

    return ask, launch_words(call)


def _with_disks(parameters: Mapping[str, Any], ec2: Any) -> Mapping[str, Any]:
    """Preflight tells the plan which disks are encrypted, and runs beside this: the image is asked here too."""
    if not fixed_parameters.awaits_disks(parameters):
        return parameters
    images = ec2.describe_images(ImageIds=[parameters["ImageId"]], IncludeDeprecated=True)["Images"]
    rest = {name: value for name, value in parameters.items() if name != fixed_parameters.DISKS}
    disks = fixed_parameters.disks_of(images[0]) if images else []
    return {**rest, fixed_parameters.DISKS: disks} if disks else rest


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


def _refusal(error: ClientError, words: Words) -> WouldRefuse | None:
    code = error_code(error)
    if code == WOULD_HAVE_WORKED:
        return None
    try:
        judged(error, words)
    except LaunchAmbiguous as unclear:
        raise TemporarilyUnavailable(code) from unclear
    message = str(error.response.get("Error", {}).get("Message", ""))
    return WouldRefuse(code, would_refuse(code, message, words))
