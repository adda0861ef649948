"""What may run: a call that stands approved in the record, with the plan, the seal and the target all fitting."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.shared import practice
from functions.shared.approval import Approval, Decision, Status, Verdict
from functions.shared.aws import error_code
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.fixed_parameters import awaits_disks, facts
from functions.shared.identifiers import moment
from functions.shared.operations import OPERATIONS
from functions.shared.plan import UnreadablePlan, digest_of
from functions.shared.run_instances import BadArguments
from functions.shared.seal import SealCheck
from functions.shared.targets import Target, Targets, UnknownTarget

HOUR_SECONDS = 3600


class LaunchRefused(Exception):
    """What was asked to run is not what was shown and approved; nothing was sent anywhere."""


@dataclass(frozen=True, slots=True)
class ApprovedCall:
    """One call of an approved plan; `parameters` is what its operation was planned to send."""

    approval: Approval
    decision: Decision
    plan: Mapping[str, Any]
    call: Mapping[str, Any]
    target: Target
    """Where it runs."""

    @property
    def id(self) -> str:
        return str(self.call["id"])

    @property
    def operation(self) -> str:
        return str(self.call["operation"])

    @property
    def lease_hours(self) -> int | None:
        """None for plans of the first release, which had no leases."""
        lease = self.plan.get("lease")
        return int(lease["hours"]) if lease else None

    def client_token(self, purpose: str = "") -> str:
        """The same for every try of this call; another one for what is not its launch."""
        return client_token(
            account=self.target.account,
            region=self.target.region,
            approval_id=self.approval.id,
            call_id=f"{self.id} {purpose}" if purpose else self.id,
            digest=self.approval.digest,
        )

    @property
    def lease_ends_at(self) -> int | None:
        """Epoch seconds, from the decision on; None where there is no lease."""
        return lease_end(self.decision.at, self.lease_hours)

    @property
    def price(self) -> Mapping[str, Any] | None:
        return self.call.get("price")


def approved_call(
    approval: Approval | None,
    *,
    digest: str,
    call_id: str,
    targets: Targets,
    seals: SealCheck,
) -> ApprovedCall:
    """The call, if every check holds; raises `LaunchRefused`, or `TemporarilyUnavailable` where KMS cannot say."""
    if approval is None or approval.status is not Status.APPROVED or approval.decision is None:
        raise LaunchRefused("The record is not approved.")
    if approval.closed_at is not None:
        raise LaunchRefused("The record is closed.")
    decision = approval.decision
    if not digest == approval.digest == decision.digest == digest_of(approval.plan):
        raise LaunchRefused("The digest differs from what was shown and approved.")
    if not _is_sealed(approval, decision, seals):
        raise LaunchRefused("The decision does not carry a genuine seal.")
    try:
        plan = approval.plan_value()
    except UnreadablePlan as error:
        raise LaunchRefused(str(error)) from error
    try:
        target = targets.of(plan)
    except UnknownTarget as error:
        raise LaunchRefused("The plan is for another target.") from error
    if (plan["requester"], plan["conversation"]) != (
        approval.requester.sub,
        approval.conversation_id,
    ):
        raise LaunchRefused("The plan is for another requester.")
    if decision.calls.get(call_id) is not Verdict.APPROVE:
        raise LaunchRefused("This call was not approved.")
    call = next((call for call in plan["calls"] if call["id"] == call_id), None)
    if call is None:
        raise LaunchRefused("The plan has no such call.")
    if bool(plan.get("practice")) != (call["operation"] == practice.OPERATION):
        raise LaunchRefused("A practice runs nothing, and nothing else is practised.")
    if not _is_as_shown(call):
        raise LaunchRefused("What would be sent does not follow from what was shown.")
    return ApprovedCall(approval, decision, plan, call, target)


def client_token(*, account: str, region: str, approval_id: str, call_id: str, digest: str) -> str:
    """64 hex digits, the most EC2 takes; one launch in one region of one account for one approved call.

    https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
    """
    joined = "\n".join((account, region, approval_id, call_id, digest))
    return hashlib.sha256(joined.encode()).hexdigest()


def lease_end(decided_at: str, hours: int | None) -> int | None:
    """When the lease ends, in epoch seconds: counted from the decision, so that every retry says the same."""
    if hours is None:
        return None
    return int(moment(decided_at).timestamp()) + hours * HOUR_SECONDS


def _is_as_shown(call: Mapping[str, Any]) -> bool:
    """People are shown the arguments, AWS is sent the parameters: the ones must follow from the others."""
    operation, parameters = OPERATIONS.get(call["operation"]), call.get("parameters")
    if operation is None:
        return False
    try:
        planned = operation.planned(call["arguments"], parameters or {})
    except BadArguments:
        return False
    return parameters is None or (planned == parameters and _shows_what_is_fixed(call))


def _shows_what_is_fixed(call: Mapping[str, Any]) -> bool:
    """Whether every thing that the operator fixed stood in the table; plans of the first release had none."""
    shown, parameters = call.get("facts"), call["parameters"]
    if awaits_disks(parameters):
        return False
    return shown is None or all(fact in shown for fact in facts(parameters))


def _is_sealed(approval: Approval, decision: Decision, seals: SealCheck) -> bool:
    try:
        return seals.is_genuine(approval.id, decision)
    except (BotoCoreError, ClientError) as error:
        raise TemporarilyUnavailable(f"The seal cannot be checked: {error_code(error)}") from error
