"""Which step an unfinished entry needs next, from its index entry alone; the owner of the step reads it again."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from functions.shared.approval import OPEN, Status
from functions.shared.approval_table import CALL

ALARM_SECONDS = 5 * 60
STUCK_SECONDS = 15 * 60
"""After this long a request that never opened ends: record_outcome looks whether its execution still runs."""
LEASE_ALARM_SECONDS = 15 * 60
"""A lease's step may wait for EC2 and for one more minute; after this long an operator should look."""


class Step(StrEnum):
    """A command of a room; all but `work` take many ids at once."""

    START = "start"
    REPAIR = "repair"
    REMIND = "remind"
    RECORD = "record"
    END_LEASE = "step"
    WORK = "work"


def steps_for(item: Mapping[str, Any], now: int) -> Iterator[Step]:
    """The steps to take for one unfinished approval."""
    if "closed_at" in item:
        yield Step.RECORD
        return
    match Status(item["status"]["S"]):
        case Status.PREPARING:
            yield Step.START
            if now - _due_at(item) > STUCK_SECONDS:
                yield Step.RECORD
        case Status.PENDING:
            yield Step.REPAIR if now >= _expires_at(item) else Step.REMIND
        case _:
            yield Step.REPAIR
            yield Step.RECORD


def lease_key(item: Mapping[str, Any]) -> dict[str, str]:
    """The call whose lease is due."""
    return {"approval_id": item["pk"]["S"], "call_id": item["sk"]["S"].removeprefix(CALL)}


def is_overdue(item: Mapping[str, Any], now: int) -> bool:
    """For more than five minutes past its time, still waiting to be opened or to expire."""
    is_open = item["status"]["S"] in OPEN
    return is_open and now - _expires_at(item) > ALARM_SECONDS


def is_unsettled(item: Mapping[str, Any], now: int) -> bool:
    """Ended or decided, but not closed for five minutes."""
    is_open = item["status"]["S"] in OPEN
    return not is_open and "closed_at" not in item and now - _due_at(item) > ALARM_SECONDS


def is_lease_overdue(item: Mapping[str, Any], now: int) -> bool:
    """A lease whose step nobody could take, or that nobody could be told of."""
    return now - _due_at(item) > LEASE_ALARM_SECONDS


def _due_at(item: Mapping[str, Any]) -> int:
    return int(item["due_at"]["N"])


def _expires_at(item: Mapping[str, Any]) -> int:
    """When it expires; before it is open, when it should have been opened."""
    return int(item.get("expires_at", item["due_at"])["N"])
