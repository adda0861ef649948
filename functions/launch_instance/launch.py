"""One approved call, checked again, launched once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.launch_instance.ec2_errors import LaunchAmbiguous, judge
from functions.launch_instance.request import client_token, tags_of
from functions.shared.approval import Approval, Decision, Outcome, Status, Verdict
from functions.shared.approval_table import ApprovalTable
from functions.shared.aws import error_code
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.identifiers import timestamp
from functions.shared.ledger import Ledger, RecordChanged
from functions.shared.observe import INSTANCES_LAUNCHED, count, logger
from functions.shared.plan import digest_of
from functions.shared.run_instances import check, parameters
from functions.shared.settings import LaunchInstanceSettings

OPERATION = "run_instances"


class LaunchRefused(Exception):
    """What was asked to run is not what was shown and approved; nothing was sent to AWS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launching:
    settings: LaunchInstanceSettings
    approvals: ApprovalTable
    ledger: Ledger
    ec2_for: Callable[[str], Any]
    """An EC2 client under the launch role, with the approval's id as source identity."""
    clock: Callable[[], datetime]


def launch(deps: Launching, approval_id: str, digest: str, call_id: str) -> Outcome:
    """Launch what was approved, once; again, it answers what became of it.

    Raises `LaunchRefused` before anything is written, `LaunchAmbiguous` or `TemporarilyUnavailable` where the same
    request, byte for byte, should be sent again.
    """
    logger.append_keys(approval_id=approval_id, call_id=call_id)
    approval, decision = _approved(deps.approvals.get(approval_id), digest)
    call = _approved_call(approval, decision, call_id, deps.settings)
    arguments = check(call["arguments"])
    token = client_token(
        account=deps.settings.account_id,
        region=deps.settings.region,
        approval_id=approval.id,
        call_id=call_id,
        digest=approval.digest,
    )
    try:
        row = deps.ledger.begin(approval, call_id, client_token=token, at=timestamp(deps.clock()))
    except RecordChanged as error:
        raise LaunchRefused("The record was closed meanwhile.") from error
    earlier = row.outcome() if row is not None else None
    if earlier is not None:
        logger.info("this call has its outcome already", status=earlier.status)
        return earlier
    tags = tags_of(approval.id, approval.requester, decision.by)
    outcome = _run(
        deps,
        approval.id,
        parameters(arguments, client_token=token, tags=tags),
        was_asked_before=row is not None,
    )
    deps.ledger.end(approval.id, call_id, outcome, timestamp(deps.clock()))
    return outcome


def _approved(approval: Approval | None, digest: str) -> tuple[Approval, Decision]:
    """The record, if it is approved, open to run, and exactly what was decided on."""
    if approval is None or approval.status is not Status.APPROVED or approval.decision is None:
        raise LaunchRefused("The record is not approved.")
    if approval.closed_at is not None:
        raise LaunchRefused("The record is closed.")
    if not digest == approval.digest == approval.decision.digest == digest_of(approval.plan):
        raise LaunchRefused("The digest differs from what was shown and approved.")
    return approval, approval.decision


def _approved_call(
    approval: Approval, decision: Decision, call_id: str, settings: LaunchInstanceSettings
) -> dict[str, Any]:
    plan = approval.plan_value()
    here = (settings.account_id, settings.region, settings.target)
    if (plan["account"], plan["region"], plan["target"]) != here:
        raise LaunchRefused("The plan is for another target.")
    if decision.calls.get(call_id) is not Verdict.APPROVE:
        raise LaunchRefused("This call was not approved.")
    call = next(call for call in approval.calls() if call["id"] == call_id)
    if call["operation"] != OPERATION:
        raise LaunchRefused("This call is not a launch.")
    return call


def _run(
    deps: Launching, approval_id: str, request: dict[str, Any], *, was_asked_before: bool
) -> Outcome:
    """One RunInstances request; its answer, or what its error means.

    An earlier request with this token may have started an instance although this one is refused: EC2 is asked.
    """
    try:
        ec2 = deps.ec2_for(approval_id)
    except (BotoCoreError, ClientError) as error:
        raise TemporarilyUnavailable(
            f"The launch role could not be assumed: {error_code(error)}"
        ) from error
    try:
        instance_id = str(ec2.run_instances(**request)["Instances"][0]["InstanceId"])
    except (BotoCoreError, ClientError) as error:
        refusal = _refusal(error)
        found = None
        if refusal is None or was_asked_before:
            found = _launched_with(ec2, request["ClientToken"])
        if found is not None:
            instance_id = found
        elif refusal is not None:
            return refusal
        else:
            raise LaunchAmbiguous(error_code(error)) from error
    count(INSTANCES_LAUNCHED)
    logger.info("instance was launched", instance_id=instance_id)
    return Outcome(
        "succeeded",
        f"Started instance {instance_id}: {request['InstanceType']} from {request['ImageId']} "
        f"with key pair {request['KeyName']} in {deps.settings.region}.",
    )


def _refusal(error: BotoCoreError | ClientError) -> Outcome | None:
    """What EC2's refusal means; None where it may have started something all the same."""
    code = error_code(error)
    if isinstance(error, BotoCoreError):
        logger.warning("EC2 gave no clear answer", code=code)
        return None
    logger.warning("EC2 refused the launch", code=code)
    message = str(error.response.get("Error", {}).get("Message", ""))
    http_status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    try:
        return judge(code, message, http_status)
    except LaunchAmbiguous:
        return None


def _launched_with(ec2: Any, client_token: str) -> str | None:
    """The instance that an earlier or unclear request started, where EC2 shows it already.

    Raises `LaunchAmbiguous` where EC2 cannot be asked.
    """
    try:
        answer = ec2.describe_instances(
            Filters=[{"Name": "client-token", "Values": [client_token]}]
        )
    except (BotoCoreError, ClientError) as error:
        raise LaunchAmbiguous("EC2 could not be asked what it started") from error
    instances = (one for part in answer["Reservations"] for one in part["Instances"])
    found = (one["InstanceId"] for one in instances if one.get("ClientToken") == client_token)
    return next(found, None)
