"""How the loop of a turn ended, as a turn: a reply, a turn that goes on in the background, or a request for people."""

from dataclasses import replace

from functions.chat.ask_again import LATELY_REJECTED, asks_again, lately_rejected
from functions.chat.ask_approval import (
    WAITS_ALREADY,
    TooMuchToAsk,
    already_waiting,
    approval_of,
    confirmation_reply,
    refused_step,
    waiting_step,
)
from functions.chat.chat_deps import Asked, ChatDeps, Taken
from functions.chat.spending import Spending
from functions.chat.talk import AwaitsClient, Ending, Finished, NeedsApproval
from functions.chat.tool_calls import CheckedCall
from functions.shared.approval import Approval
from functions.shared.turn import HANDED_OUT, Turn, TurnStatus


def ended(
    deps: ChatDeps,
    asked: Asked,
    blank: Turn,
    ending: Ending,
    turns: tuple[Turn, ...],
    spending: Spending,
) -> tuple[Taken, Approval | None]:
    """The turn, and the approval that has to be stored with it."""
    here, agent = asked.conversation_id, ending.agent
    blank = so_far(blank, ending)
    if isinstance(ending, Finished):
        return Taken(here, replace(blank, reply=ending.reply)), None
    if isinstance(ending, AwaitsClient):
        reply = "\n\n".join(["Your own program has to do this first.", *_asked_of_client(blank)])
        return Taken(here, replace(blank, status=TurnStatus.AWAITING_CLIENT, reply=reply)), None
    if not isinstance(ending, NeedsApproval):
        return Taken(here, working(blank, ending, asked.groups)), None
    steps, sentences = list(ending.steps), list[str]()
    fresh, known = list[CheckedCall](), None
    for call in ending.calls:
        waiting_id = already_waiting(call, turns)
        waiting = deps.approvals.get(waiting_id) if waiting_id else None
        if waiting is not None and waiting.is_unfinished(deps.clock()):
            known = waiting
            steps.append(waiting_step(call))
            continue
        rejected = (
            None
            if asks_again(asked.message)
            else lately_rejected(call, turns, read=deps.approvals.get, now=deps.clock())
        )
        if rejected is None:
            fresh.append(call)
        else:
            sentences.append(rejected)
            steps.append(refused_step(call, rejected, LATELY_REJECTED))
    refusal = spending.why_not_asked() if fresh else ""
    if refusal:
        sentences.append(refusal)
        steps += [refused_step(call, refusal) for call in fresh]
        fresh = []
    turn = replace(blank, steps=tuple(steps))
    if not fresh:
        reply = "\n\n".join(dict.fromkeys([*sentences, *([WAITS_ALREADY] if known else [])]))
        if known is None:
            return Taken(here, replace(turn, reply=reply)), None
        waits = replace(
            turn, status=TurnStatus.AWAITING_APPROVAL, reply=reply, approval_id=known.id
        )
        return Taken(here, waits, known), None
    try:
        approval = approval_of(
            fresh,
            approval_id=deps.new_id(),
            random=deps.new_id(),
            agent=agent,
            targets=deps.targets,
            sandbox=deps.sandbox,
            requester=asked.owner,
            conversation_id=here,
            turn=blank.number,
            words=asked.message,
            now=deps.clock(),
            launch=deps.launch,
            request_id=asked.request_id,
        )
    except TooMuchToAsk as error:
        steps += [refused_step(call, str(error)) for call in fresh]
        reply = "\n\n".join(dict.fromkeys([*sentences, str(error)]))
        return Taken(here, replace(blank, steps=tuple(steps), reply=reply)), None
    reply = "\n\n".join([*dict.fromkeys(sentences), confirmation_reply(approval)])
    asking = replace(
        turn, status=TurnStatus.AWAITING_APPROVAL, reply=reply, approval_id=approval.id
    )
    return Taken(here, asking, approval), approval


def so_far(blank: Turn, ending: Ending) -> Turn:
    """The turn with what it has come to."""
    handed_out = {HANDED_OUT: list(ending.handed_out)} if ending.handed_out else {}
    return replace(
        blank,
        steps=ending.steps,
        agent=ending.agent.id,
        manifest=ending.agent.digest[:12],
        state={**ending.knowledge.value(), **handed_out},
    )


def working(blank: Turn, ending: Ending, groups: frozenset[str]) -> Turn:
    """The turn as it goes on in the background, with the groups of who wrote."""
    turn = so_far(blank, ending)
    state = {**turn.state, "groups": sorted(groups)} if groups else turn.state
    return replace(turn, status=TurnStatus.WORKING, state=state)


def _asked_of_client(turn: Turn) -> list[str]:
    return [f"{call['function']['name']} waits for its result." for call in turn.waiting_calls()]
