"""Carrying out an approved extension: the instance's tags lead to its lease, which ends later from then on."""

from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.shared.approval import Approval, Outcome
from functions.shared.approval_table import ApprovalTable, TransitionLost
from functions.shared.aws import error_code
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.extend_lease import ExtendLease
from functions.shared.identifiers import timestamp
from functions.shared.lease import NotExtendable
from functions.shared.lease_table import LeasedInstance, LeaseTable
from functions.shared.leased_instance import UnknownInstance, check_place, find_leased
from functions.shared.observe import logger
from functions.shared.targets import Target, Targets

TRIES = 3


def extend(
    asked: ExtendLease,
    *,
    approval: Approval,
    call_id: str,
    ec2: Any,
    stack: str,
    targets: Targets,
    target: Target,
    approvals: ApprovalTable,
    leases: LeaseTable,
    now: datetime,
) -> Outcome:
    """Extend once for this call; again, it answers the same. Raises `TemporarilyUnavailable`.

    `approval` and `call_id` name the extension; the lease belongs to the approval that launched the instance.
    """
    by = f"{approval.id}#{call_id}"
    actor = approval.decision.by.sub if approval.decision else "launch_instance"
    for _ in range(TRIES):
        try:
            leased = find_leased(ec2, leases, asked.instance_id, stack=stack)
            launched_by = approvals.get(leased.approval_id)
            if launched_by is not None:
                check_place(leased, launched_by, targets, target)
            if by not in leased.extended_by and launched_by is not None:
                lease = leased.lease.extended(asked.hours, int(now.timestamp()))
                leased = leases.extend(leased, lease, launched_by, by=by, actor=actor, now=now)
                logger.info("a lease was extended", instance_id=leased.instance_id)
        except (NotExtendable, UnknownInstance) as error:
            return Outcome("failed", f"{asked.instance_id} was not extended: {error}")
        except (BotoCoreError, ClientError) as error:
            raise TemporarilyUnavailable(error_code(error)) from error
        except TransitionLost:
            logger.info("the lease changed meanwhile; reading it again")
        else:
            return _outcome(leased, by)
    raise TemporarilyUnavailable("The lease is changing right now.")


def _outcome(leased: LeasedInstance, by: str) -> Outcome:
    if by not in leased.extended_by:
        return Outcome(
            "failed", f"{leased.instance_id} was not extended: its own approval is not stored."
        )
    ends = timestamp(datetime.fromtimestamp(leased.lease.ends_at, UTC))
    return Outcome("succeeded", f"The lease of {leased.instance_id} ends at {ends} now.")
