"""One approved call, checked again, run once."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.launch_instance.ec2_errors import LaunchAmbiguous
from functions.launch_instance.launching import Launching
from functions.launch_instance.runners import RUNNERS, Runner
from functions.launch_instance.shadow import in_mode, why_not_in
from functions.shared.approval import Outcome
from functions.shared.approved_call import ApprovedCall, LaunchRefused, approved_call
from functions.shared.aws import error_code
from functions.shared.budgets import instance_ended_parts
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.freeze import FreezeUnreadable
from functions.shared.ledger import PartRefused, RecordChanged
from functions.shared.observe import LAUNCHES_REFUSED, asked_in, count, logger


def launch(deps: Launching, approval_id: str, digest: str, call_id: str) -> Outcome:
    """Run what was approved, once; again, it answers what became of it.

    Raises `LaunchRefused` before anything is written, `LaunchAmbiguous`, `NoCapacity` or `TemporarilyUnavailable` where
    the same request, byte for byte, should be sent again.
    """
    logger.append_keys(approval_id=approval_id, call_id=call_id)
    try:
        approval = deps.approvals.get(approval_id)
        asked_in(approval.request_id if approval else "")
        approved = approved_call(
            approval,
            digest=digest,
            call_id=call_id,
            targets=deps.targets,
            seals=deps.seals,
        )
        return _once(deps, approved)
    except LaunchRefused as refused:
        count(LAUNCHES_REFUSED)
        logger.error("a launch was refused", reason=str(refused))
        raise


def _once(deps: Launching, approved: ApprovedCall) -> Outcome:
    """The outcome that stands in the ledger, or that of running the call now."""
    runner = RUNNERS.get(approved.operation)
    if runner is None:
        raise LaunchRefused("This call is nothing that can be run.")
    standing = deps.ledger.read(approved.approval.id, approved.id)
    earlier = standing.outcome() if standing is not None else None
    if earlier is not None:
        logger.info("this call has its outcome already", status=earlier.status)
        return earlier
    why_not = _why_not(deps, approved, runner)
    is_sent = standing is not None and standing.sent
    if why_not is not None and not is_sent:
        return _not_run(deps, approved, runner, why_not)
    as_it_runs = in_mode(deps.settings.launch, runner)
    may_send = why_not is None and (not is_sent or as_it_runs is runner)
    runner = runner if is_sent else as_it_runs
    try:
        client = runner.client(deps, approved)
    except (BotoCoreError, ClientError) as error:
        raise TemporarilyUnavailable(
            f"The launch role could not be assumed: {error_code(error)}"
        ) from error
    return _begun(deps, approved, runner, client, may_send=may_send)


def _begun(
    deps: Launching, approved: ApprovedCall, runner: Runner, client: Any, *, may_send: bool
) -> Outcome:
    """With its row in the ledger, the call runs; where it may not be sent, AWS is asked what an earlier try did."""
    approval_id, now = approved.approval.id, deps.clock()
    budget = deps.budgets.launch_parts(
        approved.approval.requester.sub,
        target=approved.target.name,
        approval_id=approval_id,
        call_id=approved.id,
        now=now,
        lives=runner.takes,
    )
    try:
        row = deps.ledger.begin(
            approved.approval,
            approved.id,
            client_token=approved.client_token(),
            now=now,
            others=budget if runner.is_launch else [],
            sent=runner.takes,
        )
    except RecordChanged as error:
        raise LaunchRefused("The record was closed meanwhile.") from error
    except PartRefused as error:
        why = deps.budgets.why_refused(error.reasons, target=approved.target.name)
        return _not_run(deps, approved, runner, str(why))
    earlier = row.outcome() if row is not None else None
    if earlier is not None:
        return earlier
    outcome = runner.run(deps, approved, client, row, may_send)
    ended = outcome.status == "failed" and runner.is_launch and runner.takes
    is_ended = deps.ledger.end(
        approval_id,
        approved.id,
        outcome,
        deps.clock(),
        instance_ended_parts(deps.budgets.table, approved.target.name, approval_id, approved.id)
        if ended
        else [],
        only_unsent=not runner.takes,
    )
    if not runner.takes and not is_ended:
        raise LaunchAmbiguous("Another try of this call is on its way.")
    return outcome


def _why_not(deps: Launching, approved: ApprovedCall, runner: Runner) -> str | None:
    """What the operator has changed since the vote; raises `TemporarilyUnavailable` where that cannot be read."""
    why_not = why_not_in(deps.settings.launch, approved, runner)
    if why_not is not None or runner.runs_while_frozen:
        return why_not
    try:
        freeze = deps.freeze()
    except FreezeUnreadable as error:
        raise TemporarilyUnavailable(f"The freeze switch cannot be read: {error}") from error
    if freeze.frozen:
        return freeze.sentence()
    instance_type = approved.call["arguments"].get("instance_type")
    if runner.is_launch and instance_type not in deps.settings.instance_types.split(","):
        return f"The operator does not allow {instance_type} any more."
    return None


def _not_run(deps: Launching, approved: ApprovedCall, runner: Runner, why: str) -> Outcome:
    """The call ends without AWS being asked."""
    outcome = Outcome("denied", f"{why} {runner.nothing}")
    try:
        row = deps.ledger.refuse(approved.approval, approved.id, outcome, deps.clock())
    except RecordChanged as error:
        raise LaunchRefused("The record was closed meanwhile.") from error
    earlier = row.outcome() if row is not None else None
    if earlier is not None:
        return earlier
    if row is not None and not _ended_unsent(deps, approved, outcome):
        raise LaunchAmbiguous("Another try of this call is on its way.")
    logger.warning("the call was not run", status=outcome.status)
    return outcome


def _ended_unsent(deps: Launching, approved: ApprovedCall, outcome: Outcome) -> bool:
    """A call that AWS has not taken so far ends, and frees its place in the target."""
    ids = (approved.approval.id, approved.id)
    free = instance_ended_parts(deps.budgets.table, approved.target.name, *ids)
    return deps.ledger.end(*ids, outcome, deps.clock(), free, only_unsent=True)
