"""After a rejection the same call needs the requester's own "Ask again": a model that insists asks nobody."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from functions.chat.tool_calls import CheckedCall
from functions.shared.approval import Approval, Decision
from functions.shared.identifiers import moment
from functions.shared.plan import canonical
from functions.shared.turn import Turn, parsed_arguments

LATELY = timedelta(hours=1)
LATELY_REJECTED = "lately_rejected"
ASK_AGAIN = frozenset({"ask again", "もう一度依頼する"})


def asks_again(message: str) -> bool:
    """Whether the person's whole message says so; the model's words count for nothing here."""
    return message.strip().rstrip(".!。！").strip().casefold() in ASK_AGAIN


def lately_rejected(
    call: CheckedCall,
    turns: Sequence[Turn],
    *,
    read: Callable[[str], Approval | None],
    now: datetime,
) -> str | None:
    """Our sentence with the earlier reason, where an identical call was rejected within the last hour."""
    wanted = canonical(dict(call.arguments or {}))
    for turn in reversed(turns):
        if turn.approval_id is None:
            continue
        for earlier in turn.tool_calls():
            outcome = turn.outcomes.get(earlier["id"])
            function = earlier["function"]
            if (
                outcome is None
                or outcome.status != "rejected"
                or function["name"] != call.name
                or canonical(parsed_arguments(earlier)) != wanted
            ):
                continue
            approval = read(turn.approval_id)
            decision = approval.decision if approval else None
            if decision is not None and now - moment(decision.at) < LATELY:
                return _sentence(decision)
            return None
    return None


def _sentence(decision: Decision) -> str:
    because = f" with the reason: {decision.reason}" if decision.reason else ""
    return (
        f"{decision.by.shown()} rejected exactly this at {decision.at}{because}. "
        'Nobody was asked again; if you want that all the same, send: "Ask again".'
    )
