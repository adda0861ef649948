"""The model's last word on a turn whose calls have their outcomes."""

from functions.chat.chat_deps import ChatDeps
from functions.chat.history import messages_of, switch_in, turn_messages
from functions.chat.model import ChatModel, ModelFailure
from functions.chat.prompt import system_prompt, user_text
from functions.chat.spending import Spending
from functions.chat.take_turn import knowledge_of
from functions.shared.agent import UnknownAgent
from functions.shared.identifiers import timestamp
from functions.shared.observe import MODEL_FAILURES, asked_in, count, logger
from functions.shared.turn import Turn


def say_last_word(chat: ChatDeps, approval_id: str, seconds: float) -> None:
    """Ask the model once, tools shown but not to be called; if it fails, our own sentence stands."""
    approval = chat.approvals.get(approval_id)
    if approval is None or approval.closed_at is None:
        return
    asked_in(approval.request_id)
    logger.append_keys(conversation_id=approval.conversation_id, approval_id=approval.id)
    owner = approval.requester.sub
    conversation = chat.conversations.read(
        owner, approval.conversation_id, before=approval.turn + 1
    )
    turn = conversation.newest() if conversation else None
    if conversation is None or turn is None or turn.number != approval.turn:
        return
    if turn.last_word or turn.waiting_calls():
        return
    spending = Spending(chat.budgets, chat.model, owner)
    text = _last_word(chat, spending, conversation.id, conversation.turns[:-1], turn, seconds)
    now = chat.clock()
    if not text:
        spending.settle(now)
        return
    try:
        chat.conversations.append_last_word(
            owner, conversation.id, turn.number, text, timestamp(now), spending.parts(now)
        )
    except chat.write_conflicts:
        logger.info("the last word was already said")
        spending.settle(now)


def _last_word(
    chat: ChatDeps,
    model: ChatModel,
    conversation_id: str,
    turns: tuple[Turn, ...],
    turn: Turn,
    seconds: float,
) -> str:
    try:
        agent = chat.agents.get(turn.agent)
    except UnknownAgent:
        logger.info("the agent is gone; our own sentence stands", agent=turn.agent)
        return ""
    knowledge = knowledge_of(turn)
    prompt = system_prompt(
        agent,
        agents=chat.agents.get,
        now=chat.clock(),
        seed=conversation_id,
        memory=knowledge.memory,
        slots=knowledge.slots,
        is_first=knowledge.slots is None,
    )

    def worded(message: str) -> str:
        return user_text(agent, message)

    has_switched = switch_in(turn.steps)[0] is not None
    history = messages_of(
        prompt=prompt, turns=() if has_switched else turns, message=None, worded=worded
    )
    tools = agent.tools()
    try:
        answer = model.answer(
            [*history, *turn_messages(turn, worded)],
            tools=tools,
            tool_choice="none" if tools else None,
            seconds=seconds,
            options=agent.model_options(),
        )
    except ModelFailure as failure:
        logger.warning("model gave no last word", code=failure.code)
        count(MODEL_FAILURES, code=failure.code)
        return ""
    return answer.text.strip()[:8000]
