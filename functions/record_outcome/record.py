"""Closing an approval: outcomes from the ledger, the conversation told, everyone who was asked told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.record_outcome.outcomes import outcome_of
from functions.shared.approval import (
    OPEN,
    Approval,
    Outcome,
    Status,
)
from functions.shared.approval_table import ApprovalTable, TransitionLost
from functions.shared.aws import error_code
from functions.shared.channels import Channel
from functions.shared.conversation_table import ConversationTable
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.identifiers import moment, timestamp
from functions.shared.ledger import Ledger, LedgerRow
from functions.shared.mails import ended_mail
from functions.shared.observe import OUTCOMES_UNKNOWN, asked_in, count, logger
from functions.shared.settings import RecordOutcomeSettings

TRIES = 6
START_SECONDS = 15 * 60
"""How long the sweep tries to start a workflow; what never started ends as failed."""
LAUNCH_SECONDS = 6 * 60
"""Longer than the launch function lives: a row that began before this is not going to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    settings: RecordOutcomeSettings
    approvals: ApprovalTable
    conversations: ConversationTable
    ledger: Ledger
    closed_parts: Callable[[str, str, datetime], list[dict[str, Any]]]
    """What the budgets write when a person's approval closes: parts of the same transaction."""
    not_taken_parts: Callable[..., list[dict[str, Any]]]
    """What they write, by target, approval and calls, where AWS took no launch: no instance lives."""
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
    is_closed_here = False
    for _ in range(TRIES):
        approval = deps.approvals.get(approval_id)
        if approval is None:
            logger.warning("there is no such approval")
            return
        asked_in(approval.request_id)
        if approval.closed_at is not None:
            if is_closed_here or _is_ours_to_tell(deps, approval):
                _tell(deps, approval)
            return
        if not finished and not _has_ended(deps, approval):
            return
        try:
            if approval.status in OPEN:
                deps.approvals.end_undecided(
                    approval,
                    ended_as or Status.FAILED,
                    deps.clock(),
                    _why(approval, ended_as),
                    "record_outcome",
                )
            elif _close(deps, approval, finished=finished):
                is_closed_here = True
            else:
                return
        except TransitionLost:
            logger.info("the record changed meanwhile; reading it again")
    raise TemporarilyUnavailable("The approval is changing right now.")


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
    not_taken = [call_id for call_id, row in rows.items() if row.outcome() is None and not row.sent]
    now = deps.clock()
    deps.approvals.write(
        [
            *deps.approvals.close_items(approval, outcomes, now),
            *deps.not_taken_parts(approval.plan_value()["target"], approval.id, *not_taken),
            *(
                deps.ledger.no_row_item(approval.id, call_id)
                for call_id in call_ids
                if call_id not in rows
            ),
            *([] if approval.practised_by else _for_the_requester(deps, approval, outcomes, now)),
        ]
    )
    for outcome in outcomes.values():
        logger.info("a call has its outcome", status=outcome.status)
        if outcome.status == "unknown":
            count(OUTCOMES_UNKNOWN)
    return True


def _for_the_requester(
    deps: Recording, approval: Approval, outcomes: Mapping[str, Outcome], now: datetime
) -> list[dict[str, Any]]:
    """Their budget of open approvals, and their conversation."""
    return [
        *deps.closed_parts(approval.requester.sub, approval.id, now),
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


def _may_still_end(row: LedgerRow, now: datetime) -> bool:
    return row.outcome() is None and (now - moment(row.began_at)).total_seconds() < LAUNCH_SECONDS


def _is_ours_to_tell(deps: Recording, approval: Approval) -> bool:
    """Whoever closed it tells; where that did not come to its end, one other does, later."""
    if approval.told_at is not None:
        return False
    now = deps.clock()
    if approval.telling_until is not None and now.timestamp() < approval.telling_until:
        logger.info("somebody else is telling people")
        return False
    try:
        deps.approvals.claim_telling(approval, now)
    except TransitionLost:
        return False
    return True


def _tell(deps: Recording, approval: Approval) -> None:
    """One mail to the requester and to everyone who was asked; then nothing of it is unfinished.

    What was denied before anyone was asked is told in the conversation alone.
    """
    if approval.status is Status.DENIED:
        deps.approvals.mark_told(approval.id, deps.clock())
        return
    people = {
        person.email: person for person in (approval.requester, *approval.asked) if person.email
    }
    mail = ended_mail(
        approval,
        origin=deps.settings.origin,
        stage=deps.settings.stage,
        time_zone=deps.settings.time_zone,
    )
    for email, person in people.items():
        try:
            deps.channel.send(email, mail)
        except (BotoCoreError, ClientError) as error:
            logger.warning("somebody could not be told", person=person.sub, code=error_code(error))
    deps.approvals.mark_told(approval.id, deps.clock())


def _has_ended(deps: Recording, approval: Approval) -> bool:
    """Whether the approval's execution is over, so that nobody else will record its outcome.

    One that has not been started yet is the sweep's to start, for a while; one that AWS has forgotten is over.
    """
    arn = deps.settings.state_machine_arn.replace(":stateMachine:", ":execution:")
    try:
        answer = deps.states.describe_execution(executionArn=f"{arn}:{approval.id}")
    except deps.states.exceptions.ExecutionDoesNotExist:
        waited = (deps.clock() - moment(approval.created_at)).total_seconds()
        return approval.status is not Status.PREPARING or waited > START_SECONDS
    return str(answer["status"]) != "RUNNING"


def _why(approval: Approval, ended_as: Status | None) -> str:
    if ended_as is Status.CANCELLED:
        return "An operator stopped it."
    if approval.status is Status.PREPARING:
        return "Its workflow could not be started, or ended before anyone was asked."
    return "Its workflow ended before anyone decided."
