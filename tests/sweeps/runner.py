"""`make sweep`: every outward call in every mode, then thousands of orders; ends with one line that counts what broke.

`--only crash/approved/3:…/throttle` or `--only race/approve-reject/17` runs one case again and tells what it breaks.
"""

import argparse
import atexit
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.sweeps import crash, races
from tests.sweeps.gate import MODES
from tests.sweeps.promises import DOUBLED, LOST, STUCK, Violation
from tests.sweeps.stage import Stage, stage

SCHEDULES = 10_000
PRIVATE = ("AWS_", "OPENAI_", "CHAT_MODEL", "APPROVAL_TIMEOUT_SECONDS")
BATCH = 25


def every_case(only: str, schedules: int, made: Stage) -> Iterator[str]:
    """The names of all that is run; a name is enough to run it again."""
    if only and not only.endswith("/"):
        yield only
        return
    for case in crash.cases(made):
        if str(case).startswith(only):
            yield str(case)
    wanted = [name for name in races.RACES if f"race/{name}/".startswith(only)]
    for number in range(schedules if wanted else 0):
        yield f"race/{wanted[number % len(wanted)]}/{number}"


def tried(made: Stage, name: str) -> list[Violation]:
    """One case by its name; what it breaks."""
    kind, which, *rest = name.split("/")
    try:
        if kind == "race":
            return races.tried(made, which, int(rest[0]))
        return crash.tried(made, crash.Case(which, crash.point_of(rest[0]), rest[1]))
    except Exception as error:  # noqa: BLE001 - a case that cannot be run is a failure of its own
        return [Violation(LOST, f"{type(error).__name__}: {error}")]


@contextmanager
def private_stage() -> Iterator[Stage]:
    """A stage that sees nothing of the shell's accounts."""
    for name in [name for name in os.environ if name.startswith(PRIVATE)]:
        del os.environ[name]
    os.environ.update(
        ALLOWED_CIDRS="", AWS_ACCESS_KEY_ID="invented", AWS_SECRET_ACCESS_KEY="invented"
    )
    with tempfile.TemporaryDirectory() as directory, stage(Path(directory)) as made:
        yield made


_mine: dict[str, Stage] = {}


def _begin_process() -> None:
    """A stage for as long as this process lives."""
    staged = private_stage()
    _mine["stage"] = staged.__enter__()
    atexit.register(staged.__exit__, None, None, None)


def _batch(names: list[str]) -> list[tuple[str, list[Violation]]]:
    return [(name, tried(_mine["stage"], name)) for name in names]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sweeps")
    parser.add_argument("--only", default="", help="one case, or a beginning that ends in /")
    parser.add_argument("--schedules", type=int, default=SCHEDULES)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--log", action="store_true", help="with one case: what the rooms logged")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    with private_stage() as made:
        names = list(every_case(options.only, options.schedules, made))
        if len(names) == 1:
            found = [(names[0], tried(made, names[0]))]
            if options.log:
                print(made.world.log.getvalue())
        else:
            found = []
    if not found:
        found = _in_processes(names, options.processes)
    return _told(found, time.monotonic() - began)


def _in_processes(names: list[str], processes: int) -> list[tuple[str, list[Violation]]]:
    batches = [names[start : start + BATCH] for start in range(0, len(names), BATCH)]
    found: list[tuple[str, list[Violation]]] = []
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _begin_process) as pool:
        for number, results in enumerate(pool.map(_batch, batches), 1):
            for name, broken in results:
                found.append((name, broken))
                if broken:
                    print(f"{name}: {'; '.join(map(str, broken))}", flush=True)
            if number % 20 == 0:
                print(f"{len(found)} of {len(names)}", file=sys.stderr, flush=True)
    return found


def _told(found: list[tuple[str, list[Violation]]], seconds: float) -> int:
    if len(found) == 1:
        print(json.dumps([str(one) for one in found[0][1]], indent=1))
    kinds = Counter(kind for _, broken in found for kind in {one.kind for one in broken})
    points = {name.rsplit("/", 1)[0] for name, _ in found if name.startswith("crash/")}
    schedules = sum(name.startswith("race/") for name, _ in found)
    other = sum(kinds.values()) - kinds[LOST] - kinds[STUCK] - kinds[DOUBLED]
    print(f"{len(found)} runs in {seconds:.0f} s; other promises broken in {other}")
    print(
        f"points={len(points)} modes={len(MODES)} schedules={schedules} "
        f"lost={kinds[LOST]} stuck={kinds[STUCK]} doubled={kinds[DOUBLED]}"
    )
    return 1 if kinds else 0
