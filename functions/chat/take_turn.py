"""One turn: read the conversation, let the model and the rules work, append the turn in one write."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from functions.chat.chat_deps import Asked, ChatDeps, Taken
from functions.chat.consent import consent_without_power
from functions.chat.converse import converse
from functions.chat.do_calls import Knowledge
from functions.chat.end_turn import ended, working
from functions.chat.model import ModelFailure
from functions.chat.spending import Spending
from functions.chat.talk import Ending, Talk, Tools
from functions.shared.agent import DEFAULT, Agent, Agents, UnknownAgent
from functions.shared.approval import Approval
from functions.shared.conversation_table import Conversation
from functions.shared.errors import BadRequest, Conflict
from functions.shared.identifiers import timestamp
from functions.shared.observe import MODEL_FAILURES, TURNS, count, logger
from functions.shared.turn import Turn, TurnError, TurnStatus

WORKING_GRACE_SECONDS = 90
CHANGED = (
    "This agent's manifest has changed since the last turn; from here on it answers by the new one."
)


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
        stored = _Stored(deps, asked, instead_of)
        try:
            taken, item, others = _make(deps, asked, conversation, seconds_left, stored, spending)
            stored.write(item, taken.turn, others)
        except deps.write_conflicts:
            conversation = deps.conversations.read(asked.owner, asked.conversation_id)
            known = _own_turn(conversation, asked.request)
            if known is not None and known.status is not TurnStatus.FAILED:
                return Taken(asked.conversation_id, known)
            if stored.was is not None:
                break
            spending.look(deps.clock())
            continue
        _after_the_write(deps, asked, taken)
        return taken
    spending.settle(deps.clock())
    raise TurnInProgress


class _Stored:
    """What stands in the table of this turn: nothing, the failed turn it runs instead of, or what it remembered."""

    def __init__(self, deps: ChatDeps, asked: Asked, was: Turn | None) -> None:
        self._deps = deps
        self._asked = asked
        self.was = was

    def write(self, item: dict[str, Any], turn: Turn, others: list[dict[str, Any]]) -> None:
        """Append the turn, or write it over exactly what stood; raises the store's conflicts."""
        conversations = self._deps.conversations
        if self.was is None:
            conversations.append(item, others)
        else:
            was = self.was
            conversations.replace(item, was=was.status, attempts=was.attempts, others=others)
        self.was = turn

    def remember(self, blank: Turn, ending: Ending) -> None:
        """Store how far the turn is, before something is done that must not be done twice."""
        turn = working(blank, ending, self._asked.groups)
        due = self._deps.clock() + timedelta(seconds=WORKING_GRACE_SECONDS)
        item = self._deps.conversations.item(
            self._asked.owner,
            self._asked.conversation_id,
            turn,
            due_at=int(due.timestamp()),
        )
        self.write(item, turn, [])


def _make(
    deps: ChatDeps,
    asked: Asked,
    conversation: Conversation | None,
    seconds_left: Callable[[], float],
    stored: _Stored,
    spending: Spending,
) -> tuple[Taken, dict[str, Any], list[dict[str, Any]]]:
    """The turn as it would be stored, with whatever belongs into the same transaction."""
    instead_of = stored.was
    turns = conversation.turns if conversation else ()
    used_ids = ids_in(turns)
    if instead_of is not None:
        turns = tuple(turn for turn in turns if turn.number < instead_of.number)
    newest = turns[-1] if turns else None
    if newest is not None and newest.status is TurnStatus.WORKING:
        raise TurnInProgress
    agent = _agent_of(deps.agents, asked, newest)
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
        state=newest.state if newest else {},
        notice=CHANGED if newest is not None and _has_changed(agent, newest) else "",
    )
    spending.take_turn(now, again=instead_of is not None)
    consent = consent_without_power(asked.message, turns, read=deps.approvals.get, now=now)
    if consent is not None:
        approval, sentence = consent
        turn = replace(blank, reply=sentence)
        return _packed(
            deps, asked, Taken(asked.conversation_id, turn, approval), None, now, spending
        )
    talk = Talk(
        agent=agent,
        owner=asked.owner,
        conversation_id=asked.conversation_id,
        turns=turns,
        message=asked.message,
        turn=blank.number,
        request_id=asked.request_id,
        used_ids=used_ids,
        now=now,
        groups=asked.groups,
        knowledge=knowledge_of(blank),
    )
    tools = Tools(
        model=spending,
        model_name=deps.model_name,
        agents=deps.agents,
        rooms=deps.rooms,
        seconds_left=seconds_left,
        may_go_on=True,
        files=lambda: deps.files(asked.owner, asked.conversation_id),
        has_tokens=spending.has_tokens,
        remember=lambda ending: stored.remember(blank, ending),
    )
    try:
        ending = converse(talk, tools)
    except ModelFailure as failure:
        taken = Taken(asked.conversation_id, failed(blank, failure))
        return _packed(deps, asked, taken, None, now, spending)
    taken, new_approval = ended(deps, asked, blank, ending, turns, spending)
    return _packed(deps, asked, taken, new_approval, now, spending)


def ids_in(turns: tuple[Turn, ...]) -> frozenset[str]:
    """The ids of every call in these turns."""
    return frozenset(call["id"] for turn in turns for call in turn.tool_calls())


def knowledge_of(turn: Turn) -> Knowledge:
    """What the conversation knew before this turn."""
    return Knowledge(slots=turn.state.get("slots"), memory=turn.state.get("memory"))


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
                "request_id": asked.request_id,
            }
        )
    if taken.approval is not None and taken.approval.turn == turn.number and turn.approval_id:
        deps.workflow.start_or_leave(taken.approval)


def _agent_of(agents: Agents, asked: Asked, newest: Turn | None) -> Agent:
    """The conversation's agent, or the one that a new conversation is to be with; raises `UnknownAgent`."""
    if newest is not None and asked.agent_id not in (None, newest.agent):
        raise BadRequest("This conversation is with another agent; start a new one.")
    agent = agents.get(newest.agent if newest else asked.agent_id or DEFAULT)
    if not agent.may_be_used_by(asked.groups):
        raise UnknownAgent(agent.id)
    if not asked.message and newest is None and not agent.starts:
        raise BadRequest("The message is missing.")
    return agent


def _has_changed(agent: Agent, newest: Turn) -> bool:
    return newest.agent == agent.id and newest.manifest != agent.digest[:12]


def _own_turn(conversation: Conversation | None, request: str) -> Turn | None:
    """The turn that this very request has already written, if its answer was lost on the way."""
    turns = conversation.turns if conversation else ()
    return next((turn for turn in reversed(turns) if turn.request == request), None)
