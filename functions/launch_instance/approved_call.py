"""What may run: a call that stands approved in the record, with the plan, the seal and the target all fitting."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.launch_instance.request import client_token, lease_end
from functions.shared.approval import Approval, Decision, Status, Verdict
from functions.shared.aws import error_code
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.operations import OPERATIONS
from functions.shared.plan import UnreadablePlan, digest_of
from functions.shared.run_instances import BadArguments
from functions.shared.seal import SealCheck
from functions.shared.settings import LaunchInstanceSettings


class LaunchRefused(Exception):
    """What was asked to run is not what was shown and approved; nothing was sent to AWS."""


@dataclass(frozen=True, slots=True)
class ApprovedCall:
    """One call of an approved plan; `parameters` is what its operation was planned to be sent."""

    approval: Approval
    decision: Decision
    plan: Mapping[str, Any]
    call: Mapping[str, Any]

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

    def client_token(self, settings: LaunchInstanceSettings) -> str:
        """The same for every try of this call."""
        return client_token(
            account=settings.account_id,
            region=settings.region,
            approval_id=self.approval.id,
            call_id=self.id,
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
    settings: LaunchInstanceSettings,
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
    here = (settings.account_id, settings.region, settings.target)
    if (plan["account"], plan["region"], plan["target"]) != here:
        raise LaunchRefused("The plan is for another target.")
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
    if not _is_as_shown(call):
        raise LaunchRefused("What would be sent does not follow from what was shown.")
    return ApprovedCall(approval, decision, plan, call)


def _is_as_shown(call: Mapping[str, Any]) -> bool:
    """People are shown the arguments, AWS is sent the parameters: the ones must follow from the others."""
    operation, parameters = OPERATIONS.get(call["operation"]), call.get("parameters")
    if operation is None:
        return False
    try:
        planned = operation.planned(call["arguments"], parameters or {})
    except BadArguments:
        return False
    return parameters is None or planned == parameters


def _is_sealed(approval: Approval, decision: Decision, seals: SealCheck) -> bool:
    try:
        return seals.is_genuine(approval.id, decision)
    except (BotoCoreError, ClientError) as error:
        raise TemporarilyUnavailable(f"The seal cannot be checked: {error_code(error)}") from error
