"""The gate: every call that a room makes to the outside passes here, is counted, and may go wrong here."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

MODES = (
    "fail-before",
    "fail-after",
    "time-out-after-effect",
    "throttle",
    "answer-lost",
    "conflict",
)
"""The process dies before the call, or after its effect; the effect is there and the answer never comes; the service
takes no request; the effect is there and the SDK sends the same again; a transaction meets another one."""


class Crash(BaseException):
    """The process is gone: no handler's `except Exception` sees it."""


@dataclass(frozen=True)
class Point:
    """The n-th outward call of a run, and which room made it."""

    number: int
    room: str
    call: str

    def __str__(self) -> str:
        return f"{self.number}:{self.room}:{self.call}"


@dataclass(frozen=True)
class Fault:
    number: int
    mode: str


class Errors(Protocol):
    """What a caller of this kind of call sees."""

    def throttled(self) -> Exception: ...

    def timed_out(self) -> Exception: ...

    def conflict(self) -> Exception | None:
        """None where this call cannot meet one."""


@dataclass
class Invocation:
    """One run of one Lambda."""

    room: str
    is_dead: bool = False


@dataclass
class Gate:
    fault: Fault | None = None
    points: list[Point] = field(default_factory=list)
    has_struck: bool = False
    pause: Callable[[], None] = lambda: None
    """Where others may go on, in a race."""
    _local: threading.local = field(default_factory=threading.local)

    @contextmanager
    def invocation(self, room: str) -> Iterator[Invocation]:
        """Calls in this block, on this thread, are this room's."""
        earlier = getattr(self._local, "inside", None)
        inside = self._local.inside = Invocation(room)
        try:
            yield inside
        finally:
            self._local.inside = earlier

    def through(self, call: str, perform: Callable[[], Any], errors: Errors) -> Any:
        """Perform a call; what does not come from a room passes unseen."""
        inside: Invocation | None = getattr(self._local, "inside", None)
        if inside is None:
            return perform()
        if inside.is_dead:
            raise Crash
        self.pause()
        point = Point(len(self.points), inside.room, call)
        self.points.append(point)
        if self.fault is None or self.fault.number != point.number:
            return perform()
        self.has_struck = True
        return self._faulty(self.fault.mode, inside, perform, errors)

    def _faulty(
        self, mode: str, inside: Invocation, perform: Callable[[], Any], errors: Errors
    ) -> Any:
        match mode:
            case "fail-before":
                inside.is_dead = True
                raise Crash
            case "fail-after":
                self._quietly(perform)
                inside.is_dead = True
                raise Crash
            case "time-out-after-effect":
                self._quietly(perform)
                raise errors.timed_out()
            case "throttle":
                raise errors.throttled()
            case "answer-lost":
                self._quietly(perform)
                return perform()
            case "conflict":
                error = errors.conflict()
                if error is not None:
                    raise error
                return perform()
        raise ValueError(mode)

    @staticmethod
    def _quietly(perform: Callable[[], Any]) -> None:
        """Its answer never arrives, whatever it was."""
        with contextlib.suppress(Exception):
            perform()
