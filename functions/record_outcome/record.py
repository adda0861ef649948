"""Closing an approval: outcomes from the ledger, the conversation told, everyone who was asked told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.shared.approval import (
    OPEN,
    Approval,
    Outcome,
    Status,
    Verdict,
    outcome_without_launch,
)
from functions.shared.approval_table import ApprovalTable
from functions.shared.aws import error_code
from functions.shared.channels import Channel
from functions.shared.conversation_table import ConversationTable
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.identifiers import moment, timestamp
from functions.shared.ledger import Ledger, LedgerRow
from functions.shared.mails import ended_mail
from functions.shared.observe import OUTCOMES_UNKNOWN, count, logger
from functions.shared.settings import RecordOutcomeSettings

TRIES = 6
LAUNCH_SECONDS = 6 * 60
"""Longer than the launch function lives: a row that began before this is not going to end."""
NEVER_RAN = Outcome(
    "failed", "It was approved, but the launch was not carried out; nothing was started."
)
UNCLEAR = Outcome(
    "unknown",
    "AWS gave no clear answer, so an instance may have started; an operator must look for its tag "
    "countersign:approval.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    settings: RecordOutcomeSettings
    approvals: ApprovalTable
    conversations: ConversationTable
    ledger: Ledger
    dynamodb: Any
    states: Any
    channel: Channel
    clock: Callable[[], datetime]


def record_outcome(
    deps: Recording, approval_id: str, *, finished: bool, ended_as: Status | None = None
) -> None:
    """Close the approval if its work is over, and tell everyone; each step is done once, the call may be repeated.

    `finished`: the workflow reached its end. `ended_as`: its execution ended otherwise, and an open record ends so.
    """
    logger.append_keys(approval_id=approval_id)
    for _ in range(TRIES):
        approval = deps.approvals.get(approval_id)
        if approval is None:
            logger.warning("there is no such approval")
            return
        if approval.closed_at is not None:
            _tell(deps, approval)
            return
        if not finished and not _has_ended(deps, approval):
            return
        try:
            if approval.status in OPEN:
                deps.approvals.end_undecided(
                    approval, ended_as or Status.FAILED, deps.clock(), _why(ended_as)
                )
            elif not _close(deps, approval, finished=finished):
                return
        except (
            deps.dynamodb.exceptions.ConditionalCheckFailedException,
            deps.dynamodb.exceptions.TransactionCanceledException,
        ):
            logger.info("the record changed meanwhile; reading it again")
    raise TemporarilyUnavailable("The approval is changing right now.")


def outcome_of(approval: Approval, call_id: str, row: LedgerRow | None) -> Outcome:
    """What became of one call, from the decision and the ledger alone."""
    decision = approval.decision
    if decision is None or decision.calls.get(call_id) is not Verdict.APPROVE:
        return outcome_without_launch(approval, call_id)
    if row is None:
        return NEVER_RAN
    return row.outcome() or UNCLEAR


def _close(deps: Recording, approval: Approval, *, finished: bool) -> bool:
    """One transaction: the record is closed, and the conversation has one outcome item per call.

    False where a launch may still be on its way, so that closing waits for a later call.
    """
    rows = deps.ledger.rows(approval.id)
    if not finished and any(_may_still_end(row, deps.clock()) for row in rows.values()):
        return False
    call_ids = [call["id"] for call in approval.calls()]
    outcomes: Mapping[str, Outcome] = {
        call_id: outcome_of(approval, call_id, rows.get(call_id)) for call_id in call_ids
    }
    now = deps.clock()
    deps.dynamodb.transact_write_items(
        TransactItems=[
            deps.approvals.close_item(approval, outcomes, now),
            *(
                deps.ledger.no_row_item(approval.id, call_id)
                for call_id in call_ids
                if call_id not in rows
            ),
            *(
                deps.conversations.outcome_item(
                    approval.requester.sub,
                    approval.conversation_id,
                    approval.turn,
                    call_id,
                    outcome,
                    timestamp(now),
                )
                for call_id, outcome in outcomes.items()
            ),
        ]
    )
    for outcome in outcomes.values():
        logger.info("a call has its outcome", status=outcome.status)
        if outcome.status == "unknown":
            count(OUTCOMES_UNKNOWN)
    return True


def _may_still_end(row: LedgerRow, now: datetime) -> bool:
    return row.outcome() is None and (now - moment(row.began_at)).total_seconds() < LAUNCH_SECONDS


def _tell(deps: Recording, approval: Approval) -> None:
    """One mail to the requester and to everyone who was asked; then nothing of it is unfinished."""
    if approval.told_at is not None:
        return
    people = {
        person.email: person for person in (approval.requester, *approval.asked) if person.email
    }
    mail = ended_mail(
        approval,
        sentences=[outcome.text for outcome in approval.outcomes.values()],
        origin=deps.settings.origin,
        stage=deps.settings.stage,
    )
    for email, person in people.items():
        try:
            deps.channel.send(email, mail)
        except (BotoCoreError, ClientError) as error:
            logger.warning("somebody could not be told", person=person.sub, code=error_code(error))
    deps.approvals.mark_told(approval.id, deps.clock())


def _has_ended(deps: Recording, approval: Approval) -> bool:
    """Whether the approval's execution is over, so that nobody else will record its outcome.

    One that has not been started yet is the sweep's to start; one that AWS has forgotten is over.
    """
    arn = deps.settings.state_machine_arn.replace(":stateMachine:", ":execution:")
    try:
        answer = deps.states.describe_execution(executionArn=f"{arn}:{approval.id}")
    except deps.states.exceptions.ExecutionDoesNotExist:
        return approval.status is not Status.PREPARING
    return str(answer["status"]) != "RUNNING"


def _why(ended_as: Status | None) -> str:
    if ended_as is Status.CANCELLED:
        return "An operator stopped it."
    return "Its workflow ended before anyone decided."
