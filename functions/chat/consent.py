"""A "yes" in the chat decides nothing: while a request waits, the program says who decides, and until when."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from functions.shared.approval import Approval
from functions.shared.turn import Turn

_CONSENT = frozenset(
    {
        "y",
        "yes",
        "ok",
        "okay",
        "approve",
        "approved",
        "approve it",
        "i approve",
        "confirm",
        "proceed",
        "go",
        "go ahead",
        "do it",
        "はい",
        "承認",
        "承認します",
    }
)


def consent_without_power(
    message: str,
    turns: Sequence[Turn],
    *,
    read: Callable[[str], Approval | None],
    now: datetime,
) -> tuple[Approval, str] | None:
    """The waiting approval and our sentence, if this message is a "yes" and something waits; else None."""
    if message.strip().rstrip(".!。！").strip().casefold() not in _CONSENT:
        return None
    waiting = next(
        (turn for turn in reversed(turns) if turn.approval_id and turn.waiting_calls()), None
    )
    approval = read(waiting.approval_id) if waiting and waiting.approval_id else None
    if approval is None or not approval.is_open(now):
        return None
    names = ", ".join(person.shown() for person in approval.asked) or "the approvers"
    return (
        approval,
        f"A message here decides nothing. {names} can countersign this{_until(approval)}.",
    )


def _until(approval: Approval) -> str:
    if approval.expires_at is None:
        return ""
    return f" until {datetime.fromtimestamp(approval.expires_at, UTC):%Y-%m-%d %H:%M} UTC"
