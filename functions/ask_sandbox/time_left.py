"""How long a run may take of what its caller has."""

import time
from collections.abc import Callable
from dataclasses import dataclass

BESIDE_SECONDS = 8.0
"""What goes by beside the code: files are read, Python starts, the cell is stored."""
LEAST_SECONDS = 3.0
"""A run that would have less is not begun."""
START_SECONDS = 35.0
"""How much later than the code's own end the sandbox may answer."""
ANSWER_SECONDS = 1.0
"""What is left for our own answer where the caller's time is the shorter one."""


def allowed_seconds(left: float, most: float) -> float | None:
    """Seconds for the code itself, at most `most`; None where they would be too few to begin."""
    seconds = min(most, left - BESIDE_SECONDS)
    return seconds if seconds >= min(LEAST_SECONDS, most) else None


def waiting_seconds(left: float, most: float) -> float:
    """How long the sandbox's answer is waited for."""
    return min(most + START_SECONDS, left - ANSWER_SECONDS)


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """A moment of the monotonic clock; all calls of one answer share it."""

    ends: float
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def of(cls, seconds: float, clock: Callable[[], float] = time.monotonic) -> "TimeLeft":
        return cls(clock() + seconds, clock)

    def seconds(self) -> float:
        """May be less than none."""
        return self.ends - self.clock()
