"""What a process asks of Linux for itself: not to be read by others, to use no more than this, to do less than root."""

import contextlib
import ctypes
import resource
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1024 * 1024
FILE_BYTES = 64 * MEGABYTE
OPEN_FILES = 256
PROCESSES = 128
PROCESSORS = 2
START_SECONDS = 20.0

_DIES_WITH_PARENT, _DUMPABLE, _SUBREAPER, _DROPS_CAPABILITY, _AMBIENT = 1, 4, 36, 24, 47
_AMBIENT_CLEAR = 4
_LAST_CAPABILITY = 40
_CAPABILITY_VERSION = 0x20080522
_KILL = 9


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use."""

    seconds: float
    memory_mb: int
    start_seconds: float = START_SECONDS
    """How long Python may take until it can run code; a run's own seconds begin after it."""

    def as_values(self) -> Mapping[str, float | int]:
        """What the confined process has to know of it."""
        return {"seconds": self.seconds, "memory_mb": self.memory_mb}


def hide() -> None:
    """Nobody but root reads this process's memory or environment from now on; needs Linux, harmless elsewhere."""
    _prctl(_DUMPABLE, 0)


def show() -> None:
    """A process that keeps nothing to itself may look at itself again."""
    _prctl(_DUMPABLE, 1)


def die_with_parent() -> None:
    """End when whoever started this process ends."""
    _prctl(_DIES_WITH_PARENT, _KILL)


def adopt_orphans(is_wanted: bool = True) -> None:  # noqa: FBT001, FBT002
    """Whatever descends from this process and loses its parent becomes its child, or no longer does."""
    _prctl(_SUBREAPER, int(is_wanted))


def be_ended_first() -> None:
    """Where the machine runs out of memory, Linux ends this process and what it starts before any other."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def keep_to(limits: Limits) -> None:
    """Set this process's limits, for it and all that it starts."""
    seconds = int(limits.seconds) * PROCESSORS + 5
    memory = limits.memory_mb * MEGABYTE
    wanted = {
        "RLIMIT_CORE": 0,
        "RLIMIT_CPU": seconds,
        "RLIMIT_AS": memory,
        "RLIMIT_FSIZE": FILE_BYTES,
        "RLIMIT_NOFILE": OPEN_FILES,
        "RLIMIT_NPROC": PROCESSES,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
    }
    for name, value in wanted.items():
        number = getattr(resource, name, None)
        if number is None:
            continue
        _, hardest = resource.getrlimit(number)
        most = value if hardest == resource.RLIM_INFINITY else min(value, hardest)
        resource.setrlimit(number, (most, most))


def drop_capabilities() -> None:
    """Give up what root may do beyond others, for good."""
    if sys.platform != "linux":
        return
    for capability in range(_LAST_CAPABILITY + 1):
        _prctl(_DROPS_CAPABILITY, capability)
    _prctl(_AMBIENT, _AMBIENT_CLEAR)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    nothing = (ctypes.c_uint32 * 6)()
    ctypes.CDLL(None, use_errno=True).capset(header, nothing)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
