"""A cell of a conversation's notebook, in a fresh kernel that has seen the cells before it."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from functions.run_code.failure import REPLAYING, RunFailed
from functions.run_code.files import File
from functions.run_code.limits import Limits
from functions.run_code.marks import OUTPUT_BYTES, SNAPSHOT_BYTES
from functions.run_code.outputs import TEXT_BYTES, Output, Outputs, shortened
from functions.run_code.sandbox import FIRST_WORDS, Run, started

DEAR_SECONDS = 3.0
"""Replay that takes longer is worth a snapshot."""
SNAPSHOT_SECONDS, LEAST_SNAPSHOT_SECONDS = 5.0, 1.0
"""What a snapshot may take of the run's seconds, and what it is given in any case."""
MOST_NAMED = 20
DIVERGED = "\n[Some earlier cells ended otherwise than before when they were run again: {cells}.]"


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
    is_replaying: bool = False
    """It was an earlier cell that was stopped; the new one did not begin."""


@dataclass
class _Heard:
    """What was said so far."""

    outputs: Outputs = field(default_factory=Outputs)
    replayed: int = 0
    diverged: list[int] = field(default_factory=list)
    is_replaying: bool = True


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
    heard = _Heard()
    order: dict[str, Any] = {
        "code": code,
        "cells": [cell.source for cell in cells],
        "given": [file.name for file in files],
    }
    if snapshot is not None:
        order["snapshot"] = {"cells": snapshot.cells, "content": snapshot.content}
    with started(
        "notebook", confinement=confinement, limits_of_run=allowed, files=files, order=order
    ) as run:
        begun = run.await_begin()
        until = begun + allowed.seconds
        try:
            _replay(run, until, cells, snapshot, heard)
            answer = _run(run, until, heard)
        except RunFailed as failed:
            return _stopped(failed, heard)
        taken = None
        if time.monotonic() - begun > DEAR_SECONDS:
            taken = _taken(run, until, len(cells) + 1)
    return Ran(
        "succeeded" if answer == "ok" else "failed",
        _with_note(heard.outputs.text(), heard.diverged),
        "" if answer == "ok" else "python_error",
        heard.outputs.recorded,
        heard.replayed,
        heard.diverged,
        taken,
    )


def _replay(
    run: Run, until: float, cells: Sequence[Cell], snapshot: Snapshot | None, heard: _Heard
) -> None:
    run.said.grant(FIRST_WORDS)
    first = 0
    if snapshot is not None and run.word(until).get("restored") is True:
        first = snapshot.cells
    for number, cell in enumerate(cells[first:], start=first + 1):
        has_failed = run.word(until).get("replayed") == "error"
        heard.replayed += 1
        if has_failed != cell.has_failed:
            heard.diverged.append(number)
    heard.is_replaying = False


def _run(run: Run, until: float, heard: _Heard) -> str:
    """`ok` or `error`."""
    run.said.grant(OUTPUT_BYTES)
    while "ended" not in (word := run.word(until)):
        kind, content = word.get("kind"), word.get("content")
        if not isinstance(kind, str) or not isinstance(content, dict):
            raise run.ended("protocol")
        heard.outputs.hear(kind, content)
    return "ok" if word["ended"] == "ok" else "error"


def _with_note(text: str, diverged: Sequence[int]) -> str:
    if not diverged:
        return text
    named = ", ".join(map(str, diverged[:MOST_NAMED])) + (", …" if diverged[MOST_NAMED:] else "")
    note = DIVERGED.format(cells=named)
    return shortened(text, TEXT_BYTES - len(note.encode())) + note


def _stopped(failed: RunFailed, heard: _Heard) -> Ran:
    sentence = str(failed)
    if heard.is_replaying:
        sentence = REPLAYING.format(sentence=sentence)
    return Ran(
        failed.status,
        heard.outputs.text(sentence),
        failed.code,
        heard.outputs.recorded,
        heard.replayed,
        heard.diverged,
        is_replaying=heard.is_replaying,
    )


def _taken(run: Run, until: float, cells: int) -> Snapshot | None:
    """A snapshot, if one can be had in the time that is left for it."""
    run.said.grant(2 * SNAPSHOT_BYTES)
    now = time.monotonic()
    last = max(min(until, now + SNAPSHOT_SECONDS), now + LEAST_SNAPSHOT_SECONDS)
    try:
        content = run.word(last).get("snapshot")
    except RunFailed:
        return None
    return Snapshot(cells, content) if _is_base64(content) else None


def _is_base64(content: object) -> TypeGuard[str]:
    return isinstance(content, str) and re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", content) is not None
