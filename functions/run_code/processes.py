"""Who descends from a process, what they hold in memory, and an end to all of them."""

import contextlib
import os
import re
import signal
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_ROUNDS = 200
_SHARE = re.compile(r"^Pss: +(\d+) kB", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Seen:
    """A process as /proc tells it."""

    parent: int
    is_over: bool
    bytes: int


def descendants(ancestor: int) -> Mapping[int, Seen]:
    """All that descend from a process; empty where the system tells nothing."""
    seen = dict(_everything())
    children: dict[int, list[int]] = {}
    for number, process in seen.items():
        children.setdefault(process.parent, []).append(number)
    found: dict[int, Seen] = {}
    waiting = list(children.get(ancestor, ()))
    while waiting:
        number = waiting.pop()
        if number not in found:
            found[number] = seen[number]
            waiting += children.get(number, ())
    return found


def memory_of(processes: Mapping[int, Seen]) -> int:
    """What processes hold together, shared pieces counted once; one that hides its own counts with all it shares."""
    held = 0
    for number, process in processes.items():
        try:
            rollup = (_PROC / str(number) / "smaps_rollup").read_text()
        except OSError:
            held += process.bytes
        else:
            held += 1024 * sum(int(found) for found in _SHARE.findall(rollup))
    return held


def end_descendants(*, but: Collection[int] = ()) -> None:
    """Kill whatever descends from this process until nothing does; it has to be their subreaper."""
    for _ in range(_ROUNDS):
        found = {
            number: one for number, one in descendants(os.getpid()).items() if number not in but
        }
        if not found:
            return
        # First all are stopped, so that none starts another while the others are killed.
        for wanted in (signal.SIGSTOP, signal.SIGKILL):
            for number, process in found.items():
                if not process.is_over:
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.kill(number, wanted)
        for number in found:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(number, os.WNOHANG)
        time.sleep(0.005)


def _everything() -> Mapping[int, Seen]:
    found = {}
    names = [entry.name for entry in _PROC.iterdir()] if _PROC.is_dir() else []
    for name in names:
        if not name.isdigit():
            continue
        try:
            text = (_PROC / name / "stat").read_text(errors="replace")
        except OSError:
            continue
        # The name stands in parentheses and may hold anything, parentheses too.
        fields = text.rpartition(")")[2].split()
        resident = int(fields[21]) * _PAGE
        found[int(name)] = Seen(int(fields[1]), fields[0] in "ZX", resident)
    return found
