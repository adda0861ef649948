"""Which step an unfinished approval needs next, from its index entry alone; the owner of the step reads it again."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from functions.shared.approval import OPEN, Status

ALARM_SECONDS = 5 * 60
STUCK_SECONDS = 10 * 60
"""After this long the execution itself may be gone; record_outcome looks whether it still runs."""


class Step(StrEnum):
    CONTINUE_TURN = "continue_turn"
    DECIDE_APPROVAL = "decide_approval"
    RECORD_OUTCOME = "record_outcome"


def steps_for(item: Mapping[str, Any], now: int) -> Iterator[tuple[Step, Mapping[str, Any]]]:
    """The steps to take for one entry, each with its payload."""
    approval_id = item["pk"]["S"]
    repair = (Step.DECIDE_APPROVAL, {"v": 1, "command": "repair", "approval_id": approval_id})
    record = (Step.RECORD_OUTCOME, {"v": 1, "approval_id": approval_id})
    if "closed_at" in item:
        yield record
        return
    is_stuck = now - int(item["due_at"]["N"]) > STUCK_SECONDS
    match Status(item["status"]["S"]):
        case Status.PREPARING:
            yield Step.CONTINUE_TURN, {"v": 1, "command": "start", "approval_id": approval_id}
            if is_stuck:
                yield record
        case Status.PENDING:
            yield repair
        case _:
            yield repair
            yield record


def is_overdue(item: Mapping[str, Any], now: int) -> bool:
    """For more than five minutes past its time, still waiting to be opened or to expire."""
    is_open = item["status"]["S"] in OPEN
    return is_open and now - int(item["due_at"]["N"]) > ALARM_SECONDS


def is_unsettled(item: Mapping[str, Any], now: int) -> bool:
    """Ended or decided, but not closed for five minutes."""
    is_open = item["status"]["S"] in OPEN
    return (
        not is_open and "closed_at" not in item and now - int(item["due_at"]["N"]) > ALARM_SECONDS
    )
