"""A cell of a conversation's notebook, in a fresh kernel that has seen the cells before it."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.run_code import wire
from functions.run_code.failure import RunFailed
from functions.run_code.files import File
from functions.run_code.limits import Limits
from functions.run_code.marks import SNAPSHOT, SNAPSHOT_BYTES
from functions.run_code.outputs import Output, Outputs
from functions.run_code.sandbox import started

DEAR_SECONDS = 3.0
"""Replay that takes longer is worth a snapshot."""
SNAPSHOT_SECONDS = 5.0
_MODULE = "__import__('functions.run_code.snapshot', fromlist=['snapshot'])"
DIVERGED = "[Some earlier cells ended otherwise than before when they were run again: {cells}.]"


@dataclass(frozen=True, slots=True)
class Cell:
    """An earlier cell, and whether it ended with an error then."""

    source: str
    has_failed: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The names after a number of cells, as the sandbox wrote them."""

    cells: int
    content: str


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of the cell."""

    status: str
    text: str
    code: str = ""
    outputs: Sequence[Output] = ()
    replayed: int = 0
    diverged: Sequence[int] = ()
    snapshot: Snapshot | None = None


def run_cell(
    code: str,
    *,
    cells: Sequence[Cell],
    files: Sequence[File],
    allowed: Limits,
    confinement: str,
    snapshot: Snapshot | None = None,
) -> Ran:
    """Run the earlier cells again without recording them, then the new one; raises `RunFailed` before that began."""
    key = wire.new_key()
    order = {"key": key}
    heard = Outputs()
    with (
        started(
            "notebook",
            confinement=confinement,
            limits_of_run=allowed,
            files=files,
            order=order,
        ) as run,
        wire.connected(run, key) as kernel,
    ):
        begun = time.monotonic()
        until = begun + allowed.seconds
        replayed = 0
        diverged: list[int] = []
        try:
            first = 0
            if snapshot is not None:
                restored = kernel.execute(_restoring(snapshot), until, _unheard, silent=True)
                first = snapshot.cells if restored == "ok" else 0
            for number, cell in enumerate(cells[first:], start=first + 1):
                has_failed = kernel.execute(cell.source, until, _unheard) == "error"
                replayed += 1
                if has_failed != cell.has_failed:
                    diverged.append(number)
            answer = kernel.execute(code, until, heard.hear)
        except RunFailed as failed:
            text = heard.text(str(failed))
            return Ran(failed.status, text, failed.code, heard.recorded, replayed, diverged)
        taken = None
        if time.monotonic() - begun > DEAR_SECONDS:
            taken = _taken(kernel, files, len(cells) + 1)
    status = "succeeded" if answer == "ok" else "failed"
    text = heard.text()
    if diverged:
        text += "\n" + DIVERGED.format(cells=", ".join(map(str, diverged)))
    return Ran(
        status,
        text,
        "" if answer == "ok" else "python_error",
        heard.recorded,
        replayed,
        diverged,
        taken,
    )


def _taken(kernel: wire.Kernel, files: Sequence[File], cells: int) -> Snapshot | None:
    """A snapshot, if one can be had in the time that is left for it."""
    found: list[str] = []

    def hear(message: Mapping[str, Any]) -> None:
        content = message["content"].get("data", {}).get(SNAPSHOT)
        if isinstance(content, str):
            found.append(content)

    names = [file.name for file in files]
    try:
        kernel.execute(
            f"{_MODULE}.take({names!r})",
            time.monotonic() + SNAPSHOT_SECONDS,
            hear,
            silent=True,
            cap=2 * SNAPSHOT_BYTES,
        )
    except RunFailed:
        return None
    return Snapshot(cells, found[0]) if found else None


def _restoring(snapshot: Snapshot) -> str:
    return f"{_MODULE}.restore({snapshot.content!r})"


def _unheard(message: Mapping[str, Any]) -> None:
    """Earlier cells' outputs are on record."""
