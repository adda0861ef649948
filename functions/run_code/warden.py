"""The process between the one that asks and the one that runs what nobody has read.

It is started for one run, knows nothing worth reading, confines its child, watches it, and ends all of its
descendants when the run is over, when too much is used, or when whoever started it goes away.
"""

import contextlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from functions.run_code import confine, limits, processes
from functions.run_code.confinement import Confinement
from functions.run_code.limits import Limits

STATUS = 1
"""Where the warden tells why a run is over: one JSON object a line."""
ASKED, ENDED, MEMORY, PROCESSES = "asked", "ended", "memory", "processes"
"""Why a run is over: whoever asked has closed the order, the runner ended, or it used too much."""
TICK_SECONDS = 0.1
WATCH_SECONDS = 0.3
FEW_PROCESSES = 4
"""More than these are looked at with every tick: they can take memory quickly."""
MOST_PROCESSES = limits.PROCESSES
MOST_DESCRIPTORS = 65536


def main() -> None:
    """Read the order from standard input, and see it through."""
    limits.be_ended_first()
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
    os.close(order["result"])
    why = _watch(child, Limits(**order["limits"]))
    _end(child, why, is_confined=is_confined)
    _say({"ended": why})


def _watch(child: int, allowed: Limits) -> str:
    """Why the run is over."""
    looked, wait = time.monotonic(), WATCH_SECONDS
    child_handle = _handle_of(child)
    while True:
        readable, _, _ = select.select([sys.stdin, *child_handle], [], [], TICK_SECONDS)
        if sys.stdin in readable:
            return ASKED
        if os.waitpid(child, os.WNOHANG)[0]:
            return ENDED
        if time.monotonic() - looked >= wait:
            found = processes.descendants(os.getpid())
            if _use_too_much(found, allowed.memory_mb * limits.MEGABYTE):
                return MEMORY
            if len(found) > MOST_PROCESSES:
                return PROCESSES
            looked = time.monotonic()
            wait = WATCH_SECONDS if len(found) <= FEW_PROCESSES else TICK_SECONDS


def _use_too_much(found: Mapping[int, processes.Seen], most: int) -> bool:
    """The cheap look counts shared pieces for each process; only where it alarms is the dear one taken."""
    return sum(one.bytes for one in found.values()) > most and processes.memory_of(found) > most


def _handle_of(child: int) -> list[int]:
    """What becomes readable when the child ends, where the system knows such a thing."""
    try:
        return [os.pidfd_open(child)]
    except (AttributeError, OSError):
        return []


def _end(child: int, why: str, *, is_confined: bool) -> None:
    """The first process of a namespace takes all others with it; elsewhere each is looked for."""
    if why != ENDED:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        if not is_confined:
            # Its session, for systems without /proc.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)
    if not is_confined:
        processes.end_descendants()


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
    """Build the file system, start the runner, collect whoever ends."""
    confine.build_root(Path(order["directory"]), order["readable"])
    runner = os.fork()
    if runner == 0:
        try:
            confine.become_nobody()
            home = f"{confine.INSIDE_WORK}/home"
            _run(order, home=home, scratch=f"{confine.INSIDE_WORK}/scratch")
        finally:
            os._exit(1)
    os.close(order["result"])
    while os.waitpid(-1, 0)[0] != runner:
        continue
    os._exit(0)


def _run(order: Mapping[str, Any], *, home: str, scratch: str) -> None:
    """Become the runner: nothing but Python's own variables, limits, no capabilities; it confines itself further."""
    os.chdir(home)
    os.environ.clear()
    os.environ.update(_environment(home, scratch))
    said, result = os.dup(STATUS), order["result"]
    for inherited in (said, result):
        os.set_inheritable(inherited, False)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    between = sorted({2, said, result, MOST_DESCRIPTORS})
    for low, high in zip(between, between[1:], strict=False):
        os.closerange(low + 1, high)
    limits.keep_to(Limits(**order["limits"]))
    limits.drop_capabilities()
    confinement = Confinement(
        is_alone=order["confinement"] == "namespaces",
        is_demanded=order["confinement"] == "vpc",
        readable=tuple(order["readable"]),
        writable=tuple(order["writable"]),
        said=said,
    )
    RUNNERS[order["kind"]](order, confinement)
    os._exit(0)


def _try(order: Mapping[str, Any], confinement: Confinement) -> None:
    confinement.hold()
    confinement.close()
    os.write(order["result"], _line({"begun": True}))


def _notebook(order: Mapping[str, Any], confinement: Confinement) -> None:
    from functions.run_code import cells

    cells.run(order, confinement)


def _module(order: Mapping[str, Any], confinement: Confinement) -> None:
    from functions.run_code import call_module

    confinement.hold()
    confinement.close()
    limits.show()
    call_module.run(order["call"], order["result"])


RUNNERS: Mapping[str, Callable[[Mapping[str, Any], Confinement], None]] = {
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
        # What is not there cannot be had, and it is no use to ask for it for a quarter of a minute.
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def _say(word: Mapping[str, Any]) -> None:
    os.write(STATUS, _line(word))


def _line(word: Mapping[str, Any]) -> bytes:
    return json.dumps(word).encode() + b"\n"
