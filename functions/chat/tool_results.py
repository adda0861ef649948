"""What the client gives back for a function of its own: stored once, and with the last result the agent goes on."""

from collections.abc import Callable
from dataclasses import dataclass

from functions.chat.chat_deps import Asked, ChatDeps, Taken
from functions.chat.take_turn import take_turn
from functions.shared.approval import Approval
from functions.shared.conversation_table import Conversation
from functions.shared.errors import Conflict, NotFound
from functions.shared.identifiers import timestamp
from functions.shared.observe import logger
from functions.shared.turn import ANSWERED, Turn, TurnStatus


class NoSuchCall(NotFound):
    def __init__(self) -> None:
        super().__init__("This conversation has no such call that waits for your program.")


class AnsweredOtherwise(Conflict):
    code = "already_answered"

    def __init__(self) -> None:
        super().__init__("This call has another result already; a result is given once.")


@dataclass(frozen=True, slots=True)
class ClientResult:
    """Who gives which call's result."""

    owner: str
    groups: frozenset[str]
    conversation_id: str
    call_id: str
    text: str
    request_id: str = ""


def take_result(chat: ChatDeps, given: ClientResult, *, seconds_left: Callable[[], float]) -> Taken:
    """Store the result and, where it is the last one, let the agent go on in a turn without a message.

    The same result again is answered as before; raises `NotFound`, `NoSuchCall`, `AnsweredOtherwise`.
    """
    conversation, turn = _found(chat, given)
    if given.call_id not in turn.outcomes:
        now = timestamp(chat.clock())
        try:
            chat.conversations.append_answer(
                given.owner, conversation.id, turn.number, given.call_id, given.text, now
            )
        except chat.write_conflicts:
            logger.info("another request has answered this call")
        conversation, turn = _found(chat, given)
    outcome = turn.outcomes[given.call_id]
    if (outcome.status, outcome.text) != (ANSWERED, given.text):
        raise AnsweredOtherwise
    goes_on = f"results of {turn.number}"
    later = [one for one in conversation.turns if one.number > turn.number]
    known = next((one for one in later if one.request == goes_on), None)
    if known is not None and known.status is not TurnStatus.FAILED:
        return Taken(conversation.id, known, _approval(chat, known))
    if turn.status is not TurnStatus.AWAITING_CLIENT:
        return _after_people(chat, conversation, turn)
    if turn.waiting_calls() or (later and known is None):
        return Taken(conversation.id, turn)
    asked = Asked(given.owner, conversation.id, "", None, goes_on, given.groups, given.request_id)
    return take_turn(chat, asked, conversation, seconds_left=seconds_left, instead_of=known)


def _found(chat: ChatDeps, given: ClientResult) -> tuple[Conversation, Turn]:
    """The conversation and the turn in which the call was handed to the client."""
    conversation = chat.conversations.read(given.owner, given.conversation_id)
    if conversation is None:
        raise NotFound
    for turn in reversed(conversation.turns):
        for call in turn.tool_calls():
            if call["id"] == given.call_id and turn.is_for_client(call):
                return conversation, turn
    raise NoSuchCall


def _approval(chat: ChatDeps, turn: Turn) -> Approval | None:
    return chat.approvals.get(turn.approval_id) if turn.approval_id else None


def _after_people(chat: ChatDeps, conversation: Conversation, turn: Turn) -> Taken:
    """Siblings wait for people, or waited: with everything answered, the model says its last word."""
    approval = _approval(chat, turn)
    is_over = approval is not None and approval.closed_at and not turn.waiting_calls()
    if approval is not None and is_over and not turn.last_word:
        chat.go_on({"v": 1, "command": "last_word", "approval_id": approval.id})
    return Taken(conversation.id, turn, approval)
