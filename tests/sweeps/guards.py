"""`make guards`: each guard is taken out of a copy of the tree, and a test must fail; the page gets the table."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from tests.sweeps.guard import Guard
from tests.sweeps.guard_list import GUARDS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "assurance.md"
BEGIN, END = "<!-- guards: written by make guards -->", "<!-- guards end -->"
LINKED = (".venv", ".venv-emulator", "node_modules")
HEAD = ("| guard | taken out of | a test that sees it |", "| --- | --- | --- |")
NONE = "**none**"
FAILED, PASSED = 1, 0
SECONDS = 600


class ListIsWrong(Exception):
    """A guard's text does not stand exactly once in its file, or its tests cannot be run."""


@dataclass(frozen=True)
class Found:
    guard: Guard
    seen_by: str
    """The first test that failed; empty where the guard survived."""


def edits(guard: Guard) -> list[tuple[str, str, str]]:
    """Each file, what stands there, and what will."""
    one = (guard.file, guard.old, guard.new)
    return [one, guard.held_by] if guard.held_by else [one]


def check(guards: Sequence[Guard]) -> None:
    """Every text stands exactly once, every test file exists, every name once; raises `ListIsWrong`."""
    for guard in guards:
        for file, old, _ in edits(guard):
            times = (ROOT / file).read_text().count(old)
            if times != 1:
                raise ListIsWrong(f"{guard.name}: its text stands {times} times in {file}")
        for test in guard.tests:
            if not (ROOT / test.split("::")[0]).exists():
                raise ListIsWrong(f"{guard.name}: there is no {test}")
    if len({guard.name for guard in guards}) != len(guards):
        raise ListIsWrong("two guards have the same name")


def copy_of_the_tree(to: Path) -> Path:
    """What is committed or about to be, without what is only built."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    for name in LINKED:
        (to / name).symlink_to(ROOT / name)
    return to


def tested(tree: Path, tests: Sequence[str]) -> tuple[int, str]:
    """pytest's exit code, and the first test that failed."""
    command = [str(ROOT / ".venv/bin/python"), "-B", "-m", "pytest", "-q", "-x", "-n", "0"]
    command += ["--no-header", "--tb=no", *tests]
    environment = {**os.environ, "SWEEP_SEED": "1", "PYTHONPATH": str(tree)}
    ran = subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, timeout=SECONDS
    )
    failed = [line for line in ran.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    name = failed[0].split(" - ")[0].partition(" ")[2] if failed else ""
    if ran.returncode not in (PASSED, FAILED):
        raise ListIsWrong(f"{' '.join(tests)}: {ran.stdout[-500:]}{ran.stderr[-500:]}")
    return ran.returncode, name


def removed(tree: Path, guard: Guard) -> Found:
    """The product without this guard, tested."""
    whole = {file: (tree / file).read_text() for file, _, _ in edits(guard)}
    for file, old, new in edits(guard):
        (tree / file).write_text((tree / file).read_text().replace(old, new))
    try:
        for test in guard.tests:
            code, name = tested(tree, [test])
            if code == FAILED:
                return Found(guard, name)
        return Found(guard, "")
    finally:
        for file, text in whole.items():
            (tree / file).write_text(text)


def row(found: Found) -> str:
    test = found.seen_by.partition("::")[2].partition("[")[0].replace("_", " ")
    return f"{begin_of_row(found.guard)}{test or NONE} |"


def begin_of_row(guard: Guard) -> str:
    return f"| {guard.name} | `{guard.file}` | "


def kept_rows(page: str) -> dict[Guard, str]:
    """The rows that a page has already for guards of the list; those that nobody saw are looked at again."""
    lines = [line for line in page.splitlines() if line.startswith("| ") and NONE not in line]
    pairs = ((one, line) for one in GUARDS for line in lines if line.startswith(begin_of_row(one)))
    return dict(pairs)


def written(page: str, rows: Mapping[Guard, str]) -> str:
    """The page with these rows, in the order of the list."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    shown = [rows[one] for one in GUARDS]
    seen = sum(NONE not in one for one in shown)
    told = f"{seen} of {len(shown)} guards are seen when they are gone."
    table = "\n".join([told, "", *HEAD, *shown])
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sweeps.guards")
    parser.add_argument("--only", default="", help="guards whose name holds this; writes nothing")
    parser.add_argument(
        "--missing", action="store_true", help="guards that the page does not have; keeps its rows"
    )
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(arguments)
    kept = kept_rows(PAGE.read_text()) if options.missing else {}
    wanted = [guard for guard in GUARDS if options.only in guard.name and guard not in kept]
    began = time.monotonic()
    try:
        check(GUARDS)
        found = _in_copies(wanted, options.processes)
    except ListIsWrong as wrong:
        print(wrong)
        return 1
    if not options.only:
        rows = {**kept, **{one.guard: row(one) for one in found}}
        PAGE.write_text(written(PAGE.read_text(), rows))
    survivors = [one.guard.name for one in found if not one.seen_by]
    print(f"guards={len(found)} survived={len(survivors)} in {time.monotonic() - began:.0f} s")
    return 1 if survivors else 0


def _in_copies(guards: Sequence[Guard], processes: int) -> list[Found]:
    with tempfile.TemporaryDirectory() as directory:
        trees: SimpleQueue[Path] = SimpleQueue()
        for number in range(processes):
            tree = Path(directory) / str(number)
            tree.mkdir()
            trees.put(copy_of_the_tree(tree))

        def one(guard: Guard) -> Found:
            tree = trees.get()
            try:
                found = removed(tree, guard)
            finally:
                trees.put(tree)
            print(f"{'seen' if found.seen_by else 'SURVIVED':8} {guard.name}", flush=True)
            return found

        def whole(test: str) -> str:
            tree = trees.get()
            try:
                return tested(tree, [test])[1]
            finally:
                trees.put(tree)

        with ThreadPoolExecutor(processes) as pool:
            tests = sorted({test for guard in guards for test in guard.tests})
            broken = [name for name in pool.map(whole, tests) if name]
            if broken:
                raise ListIsWrong(f"with every guard in place, these fail: {', '.join(broken)}")
            return list(pool.map(one, guards))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
