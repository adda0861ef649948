"""Brings changed manifests into the running stack: looked at often, checked first, and a mistake changes nothing."""

from collections.abc import Callable
from typing import Generic, TypeVar

from local.home import Written
from local.refusal import CannotRun

Wanted = TypeVar("Wanted")


class Reload(Generic[Wanted]):
    """What runs, and whether what is written differs from it."""

    def __init__(
        self,
        *,
        running: Wanted,
        written: Written,
        look: Callable[[Wanted], Written],
        check: Callable[[], Wanted],
        bring_in: Callable[[Wanted], None],
        tell: Callable[[str], None],
    ) -> None:
        self._running = running
        self._seen = self._judged = written
        self._look = look
        self._check = check
        self._bring_in = bring_in
        self._tell = tell

    def __call__(self) -> None:
        """One look. Files that still change are judged at a later one."""
        now = self._look(self._running)
        is_still, self._seen = now == self._seen, now
        if not is_still or now == self._judged:
            return
        self._judged = now
        try:
            wanted = self._check()
            if wanted == self._running:
                return
            self._bring_in(wanted)
        except CannotRun as reason:
            self._tell(f"{reason}\nThe agents that run stay as they are.")
            return
        self._running = wanted
