"""The second entry of chat's zip: turns that go on in the background, lost starts, and the model's last word.

Commands (`v` 1): `work` a turn, `start` an approval's execution, `last_word` on an approval's turn; each may be
repeated: it re-reads the record first and does nothing where nothing is left to do. `check_model` asks the model
whether it answers, for `countersign model check`. `practice` makes an approval that runs nothing, for `countersign
users`; each one makes another.
"""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from functions.chat.chat_deps import Asked, ChatDeps, Taken
from functions.chat.check_model import check_models
from functions.chat.compose import compose
from functions.chat.converse import converse
from functions.chat.end_turn import ended, working
from functions.chat.last_word import say_last_word
from functions.chat.model import ModelFailure, ModelTimeout
from functions.chat.practise import practise
from functions.chat.spending import Spending
from functions.chat.take_turn import failed, ids_in, knowledge_of
from functions.chat.talk import Ending, OutOfTime, Talk, Tools
from functions.shared.approval import Status
from functions.shared.batch import each
from functions.shared.errors import ProductError
from functions.shared.observe import MODEL_FAILURES, asked_in, begin, count, logger
from functions.shared.settings import ChatSettings
from functions.shared.turn import Turn, TurnError, TurnStatus
from functions.shared.workflow import repeatable

ATTEMPTS = 3
ATTEMPT_SECONDS = 240
"""Longer than this Lambda lives: an attempt this old has crashed."""
LAST_WORD_SECONDS = 60.0
RESERVE_SECONDS = 10.0
GAVE_UP = TurnError(
    "turn_gave_up",
    "Unable to generate ChatCompletion response\nException: The turn was tried several times and never finished.",
    retryable=True,
)


class TurnTaken(Exception):
    """Another attempt of this turn is further; nothing more is done here."""


class Command(BaseModel):
    """`v` is the payload's version; the first release's are still read."""

    model_config = ConfigDict(frozen=True)

    v: Literal[1, 2]


class Work(Command):
    command: Literal["work"]
    owner: str
    conversation_id: str
    turn: int
    request_id: str = ""
    """The request that began it; empty where the sweep hands it over."""


class Start(Command):
    command: Literal["start"]
    approval_id: str = ""
    """The first release hands over one id."""
    approval_ids: Annotated[list[str], Field(max_length=25)] = []


class LastWord(Command):
    command: Literal["last_word"]
    approval_id: str


class CheckModel(Command):
    command: Literal["check_model"]


class Practice(Command):
    command: Literal["practice"]
    sub: Annotated[str, Field(min_length=1, max_length=64)]
    """The approver who is to practise."""


_COMMANDS: TypeAdapter[Work | Start | LastWord | CheckModel | Practice] = TypeAdapter(
    Annotated[Work | Start | LastWord | CheckModel | Practice, Field(discriminator="command")]
)


@cache
def deps() -> ChatDeps:
    return compose(ChatSettings.load(os.environ))


@repeatable
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any] | None:
    """Carry out one command; only a check and a practice have an answer."""
    started = time.monotonic()
    allowed = context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS

    def seconds_left() -> float:
        return float(allowed - (time.monotonic() - started))

    begin(context)
    command = _COMMANDS.validate_python(event)
    match command:
        case Work():
            work(deps(), command, seconds_left)
        case Start():
            if command.approval_ids:
                each(command.approval_ids, lambda approval_id: start(deps(), approval_id))
            else:
                start(deps(), command.approval_id)
        case LastWord():
            say_last_word(deps(), command.approval_id, min(LAST_WORD_SECONDS, seconds_left()))
        case CheckModel():
            return check_models(ChatSettings.load(os.environ), seconds_left)
        case Practice():
            return {"v": 2, "approval_id": practise(deps(), command.sub)}
    return None


def work(chat: ChatDeps, command: Work, seconds_left: Callable[[], float]) -> None:
    """Finish a working turn: completed, waiting for approval, or failed; at most three tries in all."""
    asked_in(command.request_id)
    logger.append_keys(conversation_id=command.conversation_id)
    conversation = chat.conversations.read(
        command.owner, command.conversation_id, before=command.turn + 1
    )
    turn = conversation.newest() if conversation else None
    if conversation is None or turn is None or turn.number != command.turn:
        return
    if turn.status is not TurnStatus.WORKING:
        return
    groups = frozenset(turn.state.get("groups", ()))
    asked = Asked(
        command.owner,
        conversation.id,
        turn.message,
        turn.agent,
        turn.request,
        groups,
        command.request_id,
    )
    turns = conversation.turns[:-1]
    taken_up = replace(turn, attempts=turn.attempts + 1)
    if turn.attempts > ATTEMPTS:
        gave_up = replace(taken_up, status=TurnStatus.FAILED, error=GAVE_UP)
        _replace(chat, asked, Taken(conversation.id, gave_up), was=turn)
        return
    if not _replace(chat, asked, Taken(conversation.id, taken_up), was=turn):
        return
    blank = replace(taken_up, status=TurnStatus.COMPLETED)
    stands = [taken_up]

    def remember(ending: Ending) -> None:
        """Store how far the turn is; raises `TurnTaken` where another attempt has it."""
        turn = working(blank, ending, groups)
        if not _replace(chat, asked, Taken(conversation.id, turn), was=stands[0]):
            raise TurnTaken
        stands[0] = turn

    spending = Spending(chat.budgets, chat.model, command.owner)
    spending.look(chat.clock())
    try:
        talk = Talk(
            agent=chat.agents.get(turn.agent),
            owner=command.owner,
            conversation_id=conversation.id,
            turns=turns,
            message=turn.message,
            turn=turn.number,
            request_id=asked.request_id,
            used_ids=ids_in(turns),
            now=chat.clock(),
            groups=groups,
            steps=turn.steps,
            knowledge=knowledge_of(turn),
        )
        tools = Tools(
            model=spending,
            model_name=chat.model_name,
            agents=chat.agents,
            rooms=chat.rooms,
            seconds_left=seconds_left,
            files=lambda: chat.files(command.owner, conversation.id),
            has_tokens=spending.has_tokens,
            remember=remember,
        )
        ending = converse(talk, tools)
        if isinstance(ending, OutOfTime):
            raise ModelTimeout
        taken, approval = ended(chat, asked, blank, ending, turns, spending)
    except TurnTaken:
        spending.settle(chat.clock())
        return
    except ModelFailure as failure:
        count(MODEL_FAILURES, code=failure.code)
        taken, approval = Taken(conversation.id, failed(blank, failure)), None
    except ProductError as refusal:
        error = TurnError(refusal.code, str(refusal), retryable=False)
        failed_turn = replace(blank, status=TurnStatus.FAILED, error=error)
        taken, approval = Taken(conversation.id, failed_turn), None
    others = chat.approvals.put_items(approval, chat.clock()) if approval else []
    others += spending.parts(chat.clock(), approval.id if approval else None)
    if not _replace(chat, asked, taken, was=stands[0], others=others):
        spending.settle(chat.clock())
    elif approval is not None:
        chat.workflow.start_or_leave(approval)


def start(chat: ChatDeps, approval_id: str) -> None:
    """Start an execution that a crash left; harmless where it runs already."""
    approval = chat.approvals.get(approval_id)
    if approval is not None and approval.status is Status.PREPARING:
        asked_in(approval.request_id)
        chat.workflow.start(approval)


def _replace(
    chat: ChatDeps,
    asked: Asked,
    taken: Taken,
    *,
    was: Turn,
    others: list[dict[str, Any]] | None = None,
) -> bool:
    """Write the turn over what was read; False where another attempt was faster."""
    due_at = None
    if taken.turn.status is TurnStatus.WORKING:
        due_at = int(chat.clock().timestamp()) + ATTEMPT_SECONDS
    item = chat.conversations.item(asked.owner, asked.conversation_id, taken.turn, due_at=due_at)
    try:
        chat.conversations.replace(item, was=was.status, attempts=was.attempts, others=others or ())
    except chat.write_conflicts:
        logger.info("another attempt was faster")
        return False
    return True
