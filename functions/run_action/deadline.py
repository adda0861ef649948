"""How long something may still take: one end for all of its steps."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from functions.run_action.failure import ActionFailed


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment of the monotonic clock."""

    ends: float
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def after(cls, seconds: float, clock: Callable[[], float] = time.monotonic) -> "Deadline":
        return cls(clock() + seconds, clock)

    def within(self, seconds: float) -> "Deadline":
        """The earlier of this end and one that many seconds from now."""
        return Deadline(min(self.ends, self.clock() + seconds), self.clock)

    def left(self) -> float:
        """Seconds, more than none; raises `ActionFailed` at the end."""
        left = self.ends - self.clock()
        if left <= 0:
            raise ActionFailed("timed_out", "The service did not answer in time.")
        return left
