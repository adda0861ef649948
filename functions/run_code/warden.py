"""The process between the one that asks and the one that runs what nobody has read.

It is started for one run, knows nothing worth reading, confines its child, watches it, and ends all of its
descendants when the run is over, when too much is used, or when whoever started it goes away.
"""

import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from functions.run_code import confine, limits, processes, system_calls
from functions.run_code.limits import Limits
from functions.run_code.marks import PORTS

STATUS = 1
"""Where the warden tells how it goes: one JSON object a line."""
ASKED, ENDED, MEMORY, PROCESSES = "asked", "ended", "memory", "processes"
"""Why a run is over: whoever asked has closed the order, the runner ended, or it used too much."""
TICK_SECONDS = 0.1
SOON_SECONDS = 0.01
WATCH_SECONDS = 0.3
MOST_PROCESSES = limits.PROCESSES


def main() -> None:
    """Read the order from standard input, and see it through."""
    order = json.loads(sys.stdin.buffer.readline())
    is_confined = order["confinement"] == "namespaces"
    try:
        if is_confined:
            confine.enter_namespaces()
        else:
            limits.adopt_orphans()
    except (confine.NoNamespaces, OSError) as error:
        _say({"failed": "confinement", "why": str(error)})
        return
    limits.hide()
    child = os.fork()
    if child == 0:
        _child(order, is_confined=is_confined)
    channel = "" if is_confined or order["kind"] != "notebook" else f"{order['directory']}/channel"
    why = _watch(child, Limits(**order["limits"]), channel)
    if not is_confined:
        processes.end_descendants()
    elif why != ENDED:
        _kill(child)
    _say({"ended": why})


def _watch(child: int, allowed: Limits, channel: str) -> str:
    """Why the run is over; where a channel is named, tells when the runner listens there."""
    looked = time.monotonic()
    child_handle = _handle_of(child)
    while True:
        tick = SOON_SECONDS if channel else TICK_SECONDS
        readable, _, _ = select.select([sys.stdin, *child_handle], [], [], tick)
        if sys.stdin in readable:
            return ASKED
        if os.waitpid(child, os.WNOHANG)[0]:
            return ENDED
        if channel and _has_sockets(channel):
            channel = ""
            _say({"ready": True})
        if time.monotonic() - looked >= WATCH_SECONDS:
            looked = time.monotonic()
            found = processes.descendants(os.getpid())
            if _use_too_much(found, allowed.memory_mb * limits.MEGABYTE):
                return MEMORY
            if len(found) > MOST_PROCESSES:
                return PROCESSES


def _use_too_much(found: Mapping[int, processes.Seen], most: int) -> bool:
    """The cheap look counts shared pieces for each process; only where it alarms is the dear one taken."""
    return sum(one.bytes for one in found.values()) > most and processes.memory_of(found) > most


def _handle_of(child: int) -> list[int]:
    """What becomes readable when the child ends, where the system knows such a thing."""
    try:
        return [os.pidfd_open(child)]
    except (AttributeError, OSError):
        return []


def _child(order: Mapping[str, Any], *, is_confined: bool) -> None:
    """The warden's child: in namespaces the first process of its own, else the runner itself."""
    try:
        os.setsid()
        if is_confined:
            limits.die_with_parent()
            _be_first(order)
        _run(order, home=f"{order['directory']}/home", scratch=f"{order['directory']}/scratch")
    except (confine.NoNamespaces, OSError) as error:
        _say({"failed": "confinement", "why": str(error)})
    finally:
        os._exit(1)


def _be_first(order: Mapping[str, Any]) -> None:
    """Build the file system, start the runner, close the channel behind it, collect whoever ends."""
    confine.build_root(Path(order["directory"]), order["readable"])
    runner = os.fork()
    if runner == 0:
        try:
            confine.become_nobody()
            home = f"{confine.INSIDE_WORK}/home"
            _run(order, home=home, scratch=f"{confine.INSIDE_WORK}/scratch")
        finally:
            os._exit(1)
    waits = order["kind"] == "notebook"
    while True:
        if waits and _has_sockets(confine.INSIDE_CHANNEL):
            confine.close_channel()
            _say({"ready": True})
            waits = False
        ended, _ = os.waitpid(-1, os.WNOHANG if waits else 0)
        if ended == runner:
            os._exit(0)
        if waits:
            time.sleep(SOON_SECONDS)


def _run(order: Mapping[str, Any], *, home: str, scratch: str) -> None:
    """Become the runner: nothing but Python's own variables, limits, no capabilities, fewer system calls."""
    os.chdir(home)
    os.environ.clear()
    os.environ.update(_environment(home, scratch))
    result = order.get("result")
    nothing = os.open(os.devnull, os.O_RDWR)
    if result is not None:
        os.set_inheritable(result, False)
    said = os.dup(STATUS)
    os.set_inheritable(said, False)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    kept = {said, result}
    for number in range(3, 64):
        if number not in kept:
            _close(number)
    limits.keep_to(Limits(**order["limits"]))
    limits.drop_capabilities()
    is_filtered = system_calls.install(is_alone=order["confinement"] == "namespaces")
    limits.show()
    RUNNERS[order["kind"]](order, said, is_filtered)
    os._exit(0)


def _try(order: Mapping[str, Any], said: int, is_filtered: bool) -> None:  # noqa: ARG001, FBT001
    os.write(said, json.dumps({"held": True, "filtered": is_filtered}).encode() + b"\n")


def _notebook(order: Mapping[str, Any], said: int, is_filtered: bool) -> None:  # noqa: FBT001
    from functions.run_code import kernel

    is_confined = order["confinement"] == "namespaces"
    channel = confine.INSIDE_CHANNEL if is_confined else f"{order['directory']}/channel"
    os.close(said)
    kernel.serve(channel, order["key"])


def _module(order: Mapping[str, Any], said: int, is_filtered: bool) -> None:  # noqa: ARG001, FBT001
    from functions.run_code import call_module

    os.close(said)
    call_module.run(order["call"], order["result"])


RUNNERS: Mapping[str, Callable[[Mapping[str, Any], int, bool], None]] = {
    "try": _try,
    "notebook": _notebook,
    "module": _module,
}


def _environment(home: str, scratch: str) -> Mapping[str, str]:
    return {
        "HOME": home,
        "TMPDIR": scratch,
        "LANG": "C.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": f"{scratch}/matplotlib",
        "IPYTHONDIR": f"{scratch}/ipython",
        "JUPYTER_PLATFORM_DIRS": "1",
        "OPENBLAS_NUM_THREADS": "2",
        "MALLOC_ARENA_MAX": "2",
    }


def _has_sockets(channel: str) -> bool:
    return sum(path.is_socket() for path in Path(channel).iterdir()) >= len(PORTS)


def _kill(child: int) -> None:
    """The first process of a namespace takes all others with it; it is gone when they are."""
    try:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    except (ProcessLookupError, ChildProcessError):
        return


def _say(word: Mapping[str, Any]) -> None:
    os.write(STATUS, json.dumps(word).encode() + b"\n")


def _close(number: int) -> None:
    try:
        os.close(number)
    except OSError:
        return
