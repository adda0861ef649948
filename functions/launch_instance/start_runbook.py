"""The kind `document`: a runbook is started once, and looked at until it ends.

Systems Manager knows a repeat by its token, and the ledger keeps the execution's id, so a runbook that takes longer
than this room is found again by the next try. https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-statuses.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.launch_instance.ec2_errors import (
    MISMATCH,
    LaunchAmbiguous,
    Words,
    judged,
    one_line,
)
from functions.launch_instance.launching import Launching
from functions.shared.approval import Outcome
from functions.shared.approved_call import ApprovedCall
from functions.shared.automation import client_token
from functions.shared.aws import error_code
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.ledger import LedgerRow
from functions.shared.observe import logger

POLL_SECONDS = 5.0
POLLS = 5
LOOKED_AT_AGAIN_SECONDS = 5 * 60
"""Longer than the workflow waits between two looks."""
SUCCEEDED = frozenset({"Success", "CompletedWithSuccess"})
ENDED = SUCCEEDED | {
    "TimedOut",
    "Cancelled",
    "Failed",
    "Rejected",
    "CompletedWithFailure",
    "ChangeCalendarOverrideRejected",
    "Exited",
}
WORDS = Words(
    what="to start the runbook",
    nothing="Nothing was started.",
    known={
        "AccessDeniedException": "the launch role, or a policy of the organization, does not allow it",
        "AutomationDefinitionNotFoundException": "there is no such runbook in this region",
        "AutomationDefinitionVersionNotFoundException": "the runbook has no such version",
        "AutomationExecutionLimitExceededException": "too many runbooks run in the account right now",
    },
)
UNCLEAR = Outcome(
    "unknown",
    "AWS gave no clear answer at first and refused the repeat, so the runbook may have been started; an operator must "
    "look at its executions in Systems Manager.",
)


class StillRunning(Exception):
    """The runbook has not ended yet: the workflow looks again later."""


def start_runbook(
    deps: Launching, approved: ApprovedCall, ssm: Any, row: LedgerRow | None, *, may_send: bool
) -> Outcome:
    """Start it once, write down which execution it is, and tell how it ended.

    Raises `StillRunning`, `LaunchAmbiguous` or `TemporarilyUnavailable` where the workflow should try again.
    """
    key = (approved.approval.id, approved.id)
    execution_id = row.execution_id if row is not None else ""
    if not execution_id:
        started = _started(deps, approved, ssm, row, may_send=may_send)
        if isinstance(started, Outcome):
            return started
        execution_id = started
        deps.ledger.runbook_started(*key, execution_id)
        logger.info("a runbook was started", execution_id=execution_id)
    outcome = _seen_ended(ssm, execution_id, approved, deps.sleep)
    if outcome is None:
        due_at = int(deps.clock().timestamp()) + LOOKED_AT_AGAIN_SECONDS
        deps.approvals.mark_still_running(approved.approval.id, due_at)
        raise StillRunning(execution_id)
    return outcome


def _started(
    deps: Launching, approved: ApprovedCall, ssm: Any, row: LedgerRow | None, *, may_send: bool
) -> str | Outcome:
    """The execution's id, or what Systems Manager's refusal means."""
    key = (approved.approval.id, approved.id)
    was_sent = row is not None and row.sent
    if not may_send:
        raise LaunchAmbiguous("Calls were stopped after a request went out.")
    if row is not None and not row.sent and not deps.ledger.send_again(*key):
        raise LaunchAmbiguous("Another try of this call has ended meanwhile.")
    token = client_token(approved.client_token())
    try:
        answer = ssm.start_automation_execution(
            **approved.call["parameters"]["request"], ClientToken=token
        )
        return str(answer["AutomationExecutionId"])
    except BotoCoreError as error:
        raise LaunchAmbiguous(error_code(error)) from error
    except ClientError as error:
        logger.warning("the runbook was not started", code=error_code(error))
        try:
            outcome = judged(error, WORDS)
        except TemporarilyUnavailable:
            if not was_sent:
                deps.ledger.nothing_taken(*key)
            raise
        return UNCLEAR if was_sent and error_code(error) != MISMATCH else outcome


def _seen_ended(
    ssm: Any, execution_id: str, approved: ApprovedCall, sleep: Callable[[float], None]
) -> Outcome | None:
    """How it ended; None where it was not seen to end."""
    for poll in range(POLLS):
        execution = _read(ssm, execution_id)
        status = str(execution.get("AutomationExecutionStatus", ""))
        if status in ENDED:
            return _outcome(execution_id, execution, status, approved)
        if poll < POLLS - 1:
            sleep(POLL_SECONDS)
    return None


def _read(ssm: Any, execution_id: str) -> Mapping[str, Any]:
    try:
        answer = ssm.get_automation_execution(AutomationExecutionId=execution_id)
    except (BotoCoreError, ClientError) as error:
        logger.info("the runbook cannot be looked at now", code=error_code(error))
        return {}
    execution: Mapping[str, Any] = answer["AutomationExecution"]
    return execution


def _outcome(
    execution_id: str, execution: Mapping[str, Any], status: str, approved: ApprovedCall
) -> Outcome:
    name = approved.call["parameters"]["request"]["DocumentName"]
    if status in SUCCEEDED:
        return Outcome("succeeded", f"The runbook {name} ended well: execution {execution_id}.")
    line = one_line(str(execution.get("FailureMessage") or ""))
    because = f' AWS says: "{line}"' if line else ""
    return Outcome(
        "failed", f"The runbook {name} ended as {status}: execution {execution_id}.{because}"
    )
