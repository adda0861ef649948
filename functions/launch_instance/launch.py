"""One approved call, checked again, run once: the table of what each operation does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.launch_instance.ec2_errors import LaunchAmbiguous
from functions.launch_instance.extend import extend
from functions.launch_instance.start_instance import start_instance
from functions.shared import extend_lease
from functions.shared.approval import Outcome
from functions.shared.approval_table import ApprovalTable
from functions.shared.approved_call import ApprovedCall, LaunchRefused, approved_call
from functions.shared.aws import error_code
from functions.shared.budgets import LaunchBudgets, instance_ended_parts
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.findings import Findings
from functions.shared.freeze import Freeze, FreezeUnreadable
from functions.shared.lease_table import LeaseTable
from functions.shared.ledger import Ledger, LedgerRow, PartRefused, RecordChanged
from functions.shared.observe import LAUNCHES_REFUSED, count, logger
from functions.shared.seal import SealCheck
from functions.shared.settings import LaunchInstanceSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Launching:
    settings: LaunchInstanceSettings
    approvals: ApprovalTable
    ledger: Ledger
    leases: LeaseTable
    budgets: LaunchBudgets
    findings: Findings
    seals: SealCheck
    freeze: Callable[[], Freeze]
    """The switch, read anew each time; raises `FreezeUnreadable`."""
    ec2_for: Callable[[str], Any]
    """An EC2 client under the launch role, with the approval's id as source identity."""
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]


Runner = Callable[[Launching, ApprovedCall, Any, LedgerRow | None, bool], Outcome]
"""Does the call under the launch role: with the ledger row that stood before, and whether AWS may be sent anything."""


def launch(deps: Launching, approval_id: str, digest: str, call_id: str) -> Outcome:
    """Run what was approved, once; again, it answers what became of it.

    Raises `LaunchRefused` before anything is written, `LaunchAmbiguous`, `NoCapacity` or `TemporarilyUnavailable` where
    the same request, byte for byte, should be sent again.
    """
    logger.append_keys(approval_id=approval_id, call_id=call_id)
    try:
        approved = approved_call(
            deps.approvals.get(approval_id),
            digest=digest,
            call_id=call_id,
            settings=deps.settings,
            seals=deps.seals,
        )
        return _once(deps, approved)
    except LaunchRefused as refused:
        count(LAUNCHES_REFUSED)
        logger.error("a launch was refused", reason=str(refused))
        raise


def _once(deps: Launching, approved: ApprovedCall) -> Outcome:
    """The outcome that stands in the ledger, or that of running the call now."""
    if approved.operation not in RUNNERS:
        raise LaunchRefused("This call is nothing that can be run.")
    standing = deps.ledger.read(approved.approval.id, approved.id)
    earlier = standing.outcome() if standing is not None else None
    if earlier is not None:
        logger.info("this call has its outcome already", status=earlier.status)
        return earlier
    why_not = _why_not(deps, approved)
    if why_not is not None and (standing is None or not standing.sent):
        return _not_run(deps, approved, Outcome("denied", f"{why_not} Nothing was started."))
    try:
        ec2 = deps.ec2_for(approved.approval.id)
    except (BotoCoreError, ClientError) as error:
        raise TemporarilyUnavailable(
            f"The launch role could not be assumed: {error_code(error)}"
        ) from error
    return _begun(deps, approved, ec2, may_send=why_not is None)


def _begun(deps: Launching, approved: ApprovedCall, ec2: Any, *, may_send: bool) -> Outcome:
    """With its row in the ledger, the call runs; where it may not be sent, AWS is asked what an earlier try did."""
    approval_id, now = approved.approval.id, deps.clock()
    is_launch = approved.operation == "run_instances"
    budget = deps.budgets.launch_parts(
        approved.approval.requester.sub,
        target=deps.settings.target,
        approval_id=approval_id,
        call_id=approved.id,
        now=now,
    )
    try:
        row = deps.ledger.begin(
            approved.approval,
            approved.id,
            client_token=approved.client_token(deps.settings) if is_launch else "",
            now=now,
            others=budget if is_launch else [],
        )
    except RecordChanged as error:
        raise LaunchRefused("The record was closed meanwhile.") from error
    except PartRefused as error:
        why = deps.budgets.why_refused(error.reasons, target=deps.settings.target)
        return _not_run(deps, approved, Outcome("denied", f"{why} Nothing was started."))
    earlier = row.outcome() if row is not None else None
    if earlier is not None:
        return earlier
    outcome = RUNNERS[approved.operation](deps, approved, ec2, row, may_send)
    ended = outcome.status == "failed" and is_launch
    deps.ledger.end(
        approval_id,
        approved.id,
        outcome,
        deps.clock(),
        instance_ended_parts(deps.budgets.table, deps.settings.target, approval_id, approved.id)
        if ended
        else [],
    )
    return outcome


def _why_not(deps: Launching, approved: ApprovedCall) -> str | None:
    """What the operator has changed since the vote; raises `TemporarilyUnavailable` where that cannot be read."""
    try:
        freeze = deps.freeze()
    except FreezeUnreadable as error:
        raise TemporarilyUnavailable(f"The freeze switch cannot be read: {error}") from error
    if freeze.frozen:
        return freeze.sentence()
    instance_type = approved.call["arguments"].get("instance_type")
    if instance_type and instance_type not in deps.settings.instance_types.split(","):
        return f"The operator does not allow {instance_type} any more."
    return None


def _not_run(deps: Launching, approved: ApprovedCall, outcome: Outcome) -> Outcome:
    """The call ends without AWS being asked."""
    try:
        row = deps.ledger.refuse(approved.approval, approved.id, outcome, deps.clock())
    except RecordChanged as error:
        raise LaunchRefused("The record was closed meanwhile.") from error
    earlier = row.outcome() if row is not None else None
    if earlier is not None:
        return earlier
    if row is not None and not _ended_unsent(deps, approved, outcome):
        raise LaunchAmbiguous("Another launch of this call is on its way.")
    logger.warning("the call was not run", status=outcome.status)
    return outcome


def _ended_unsent(deps: Launching, approved: ApprovedCall, outcome: Outcome) -> bool:
    """A call that AWS has not taken so far ends, and frees its place in the target."""
    ids = (approved.approval.id, approved.id)
    free = instance_ended_parts(deps.budgets.table, deps.settings.target, *ids)
    return deps.ledger.end(*ids, outcome, deps.clock(), free, only_unsent=True)


def _start(
    deps: Launching, approved: ApprovedCall, ec2: Any, row: LedgerRow | None, may_send: bool
) -> Outcome:
    return start_instance(
        approved,
        ec2=ec2,
        ledger=deps.ledger,
        settings=deps.settings,
        row=row,
        may_send=may_send,
        clock=deps.clock,
        sleep=deps.sleep,
    )


def _extend(
    deps: Launching, approved: ApprovedCall, ec2: Any, row: LedgerRow | None, may_send: bool
) -> Outcome:
    if not may_send:
        raise LaunchAmbiguous("An extension had begun before it was stopped.")
    return extend(
        extend_lease.check(approved.call["arguments"]),
        approval=approved.approval,
        call_id=approved.id,
        ec2=ec2,
        stack=deps.settings.stack,
        approvals=deps.approvals,
        leases=deps.leases,
        now=deps.clock(),
    )


RUNNERS: Mapping[str, Runner] = {
    "run_instances": _start,
    "extend_lease": _extend,
}
