"""A call and its result, as this room's parts hand them on."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked for, checked against the function's schema by chat."""

    id: str
    function: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """`status` is succeeded, failed or out_of_time."""

    status: str
    text: str
