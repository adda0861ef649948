"""One turn: read the conversation, let the model and the rules work, append the turn in one write."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from functions.chat.chat_deps import Asked, ChatDeps, Taken
from functions.chat.consent import consent_without_power
from functions.chat.converse import converse
from functions.chat.end_turn import ended
from functions.chat.history import messages_of
from functions.chat.model import ModelFailure
from functions.chat.spending import Spending
from functions.shared.agent import DEFAULT, Agent, Agents
from functions.shared.approval import Approval
from functions.shared.conversation_table import Conversation
from functions.shared.errors import BadRequest, Conflict
from functions.shared.identifiers import timestamp
from functions.shared.observe import MODEL_FAILURES, TURNS, count, logger
from functions.shared.turn import Turn, TurnError, TurnStatus

WORKING_GRACE_SECONDS = 90


class TurnInProgress(Conflict):
    code = "turn_in_progress"

    def __init__(self) -> None:
        super().__init__(
            "Another message of this conversation is still being answered; send this one again in a moment.",
            headers={"Retry-After": "2"},
        )


def take_turn(
    deps: ChatDeps,
    asked: Asked,
    conversation: Conversation | None,
    *,
    seconds_left: Callable[[], float],
    instead_of: Turn | None = None,
) -> Taken:
    """Make one turn and store it; `instead_of` is a failed turn that runs again under its number.

    A concurrent turn loses cleanly: one more try on what is now stored, then `TurnInProgress`.
    """
    spending = Spending(deps.budgets, deps.model, asked.owner)
    for _ in range(2):
        taken, item, others = _make(deps, asked, conversation, seconds_left, instead_of, spending)
        try:
            if instead_of is None:
                deps.conversations.append(item, others)
            else:
                was = instead_of
                deps.conversations.replace(
                    item, was=was.status, attempts=was.attempts, others=others
                )
        except deps.write_conflicts:
            conversation = deps.conversations.read(asked.owner, asked.conversation_id)
            stored = _own_turn(conversation, asked.request)
            if stored is not None and stored.status is not TurnStatus.FAILED:
                return Taken(asked.conversation_id, stored)
            if instead_of is not None:
                break
            spending.look(deps.clock())
            continue
        _after_the_write(deps, asked, taken)
        return taken
    spending.settle(deps.clock())
    raise TurnInProgress


def _make(
    deps: ChatDeps,
    asked: Asked,
    conversation: Conversation | None,
    seconds_left: Callable[[], float],
    instead_of: Turn | None,
    spending: Spending,
) -> tuple[Taken, dict[str, Any], list[dict[str, Any]]]:
    """The turn as it would be stored, with whatever belongs into the same transaction."""
    turns = conversation.turns if conversation else ()
    used_ids = frozenset(call["id"] for turn in turns for call in turn.tool_calls())
    if instead_of is not None:
        turns = tuple(turn for turn in turns if turn.number < instead_of.number)
    newest = turns[-1] if turns else None
    if newest is not None and newest.status is TurnStatus.WORKING:
        raise TurnInProgress
    agent = _agent_of(deps.agents, asked.agent_id, newest)
    now = deps.clock()
    blank = Turn(
        number=instead_of.number if instead_of else (newest.number + 1 if newest else 1),
        status=TurnStatus.COMPLETED,
        message=asked.message,
        reply="",
        agent=agent.id,
        manifest=agent.digest[:12],
        created_at=instead_of.created_at if instead_of else timestamp(now),
        request=asked.request,
    )
    spending.take_turn(now, again=instead_of is not None)
    consent = consent_without_power(asked.message, turns, read=deps.approvals.get, now=now)
    if consent is not None:
        approval, sentence = consent
        turn = replace(blank, reply=sentence)
        return _packed(
            deps, asked, Taken(asked.conversation_id, turn, approval), None, now, spending
        )
    try:
        ending = converse(
            spending,
            agent=agent,
            model_name=deps.model_name,
            history=messages_of(prompt=agent.prompt, turns=turns, message=asked.message),
            turn=blank.number,
            used_ids=used_ids,
            seconds_left=seconds_left,
            has_tokens=spending.has_tokens,
        )
    except ModelFailure as failure:
        taken = Taken(asked.conversation_id, failed(blank, failure))
        return _packed(deps, asked, taken, None, now, spending)
    taken, new_approval = ended(deps, asked, agent, blank, ending, turns, spending)
    return _packed(deps, asked, taken, new_approval, now, spending)


def failed(blank: Turn, failure: ModelFailure) -> Turn:
    """The turn of a model that gave no answer: the message is kept and readable."""
    logger.warning("model failed", code=failure.code)
    error = TurnError(failure.code, str(failure), failure.retryable)
    return replace(blank, status=TurnStatus.FAILED, reply="", error=error)


def _packed(
    deps: ChatDeps,
    asked: Asked,
    taken: Taken,
    new_approval: Approval | None,
    now: datetime,
    spending: Spending,
) -> tuple[Taken, dict[str, Any], list[dict[str, Any]]]:
    is_working = taken.turn.status is TurnStatus.WORKING
    due = now + timedelta(seconds=WORKING_GRACE_SECONDS)
    item = deps.conversations.item(
        asked.owner,
        asked.conversation_id,
        taken.turn,
        due_at=int(due.timestamp()) if is_working else None,
    )
    others = deps.approvals.put_items(new_approval, now) if new_approval else []
    others += spending.parts(now, new_approval.id if new_approval else None)
    return taken, item, others


def _after_the_write(deps: ChatDeps, asked: Asked, taken: Taken) -> None:
    """Record first, start second; what a crash leaves here, the sweep finds."""
    turn = taken.turn
    count(TURNS)
    if turn.status is TurnStatus.FAILED and turn.error is not None:
        count(MODEL_FAILURES, code=turn.error.code)
    if turn.status is TurnStatus.WORKING:
        deps.go_on(
            {
                "v": 1,
                "command": "work",
                "owner": asked.owner,
                "conversation_id": asked.conversation_id,
                "turn": turn.number,
            }
        )
    if taken.approval is not None and taken.approval.turn == turn.number and turn.approval_id:
        deps.workflow.start_or_leave(taken.approval)


def _agent_of(agents: Agents, wanted: str | None, newest: Turn | None) -> Agent:
    if newest is not None and wanted not in (None, newest.agent):
        raise BadRequest("This conversation is with another agent; start a new one.")
    return agents.get(newest.agent if newest else wanted or DEFAULT)


def _own_turn(conversation: Conversation | None, request: str) -> Turn | None:
    """The turn that this very request has already written, if its answer was lost on the way."""
    turns = conversation.turns if conversation else ()
    return next((turn for turn in reversed(turns) if turn.request == request), None)
