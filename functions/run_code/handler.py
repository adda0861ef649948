"""Runs Python that nobody has read, for one conversation at a time: a notebook's cell, or a function of a file."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from functions.run_code.failure import RunFailed
from functions.run_code.files import unpacked
from functions.run_code.limits import Limits
from functions.run_code.module import Module, call_function
from functions.run_code.notebook import Cell, Ran, Snapshot, run_cell
from functions.run_code.sandbox import has_namespaces
from functions.shared.observe import begin, logger
from functions.shared.sandbox_settings import RunCodeSettings

VPC, NAMESPACES, UNCONFINED = "vpc", "namespaces", "unconfined"
NO_NAMESPACES = (
    "Python cannot be confined on this machine, which gives no namespaces; "
    "it runs here only where the operator said `--unconfined`."
)
NOT_HERE = (
    "The confinement 'vpc' is a Lambda's, which has its machine to itself; here it is `namespaces`."
)
MOST_CELLS = 500
SHORT_START_SECONDS = 5.0


class Event(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class PackedFile(Event):
    name: str
    content: str
    """Base64 of gzip."""


class EarlierCell(Event):
    source: str
    outputs: tuple[dict[str, Any], ...] = ()
    """Only whether one is an error is of interest."""


class TakenSnapshot(Event):
    cells: Annotated[int, Field(ge=1)]
    content: str


class Asked(Event):
    v: Literal[1]
    files: Annotated[tuple[PackedFile, ...], Field(max_length=50)] = ()
    seconds: Annotated[float, Field(gt=0)] = 30
    """What the code itself may take; where the caller has less than the settings allow, Python starts in less too."""


class NotebookAsked(Asked):
    kind: Literal["notebook"]
    code: str
    cells: Annotated[tuple[EarlierCell, ...], Field(max_length=MOST_CELLS)] = ()
    snapshot: TakenSnapshot | None = None


class ModuleAsked(Asked):
    kind: Literal["module"]
    file: str
    source: str
    sha256: str
    function: str
    arguments: dict[str, Any]
    declared: frozenset[str]
    """The functions of this file that the agent declares."""
    network: bool = False
    """Whether the manifest says that the file needs the network."""


ASKED: TypeAdapter[NotebookAsked | ModuleAsked] = TypeAdapter(
    Annotated[NotebookAsked | ModuleAsked, Field(discriminator="kind")]
)


@cache
def settings() -> RunCodeSettings:
    return RunCodeSettings.load(os.environ)


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """What became of the code; it never raises for what the code does."""
    begin(context)
    asked = ASKED.validate_python(event)
    try:
        answer = _answer(asked)
    except RunFailed as failed:
        answer = _answered(failed.status, failed.text(), failed.code)
    logger.info("code was run", kind=asked.kind, status=answer["status"], code=answer["code"])
    return answer


def _answer(asked: NotebookAsked | ModuleAsked) -> dict[str, Any]:
    confinement = _confinement()
    limits = _limits(asked)
    files = unpacked([(file.name, file.content) for file in asked.files])
    if isinstance(asked, NotebookAsked):
        ran = run_cell(
            asked.code,
            cells=[_earlier(cell) for cell in asked.cells],
            files=files,
            allowed=limits,
            confinement=confinement,
            snapshot=_usable(asked),
        )
        return _notebook(ran)
    called = call_function(
        Module(asked.file, asked.source, asked.sha256, asked.declared, asked.network),
        asked.function,
        asked.arguments,
        files=files,
        allowed=limits,
        confinement=confinement,
    )
    return {**_answered(called.status, called.text, called.code), "message": called.message}


def _limits(asked: Asked) -> Limits:
    most, memory = settings().seconds, settings().memory_mb
    if asked.seconds < most:
        return Limits(asked.seconds, memory, SHORT_START_SECONDS)
    return Limits(most, memory)


def _confinement() -> str:
    """What the settings demand; raises `RunFailed` where it cannot be had."""
    demanded = settings().confinement
    if demanded not in (VPC, NAMESPACES, UNCONFINED):
        raise RunFailed("no_confinement", f"There is no confinement {demanded!r}.")
    if demanded == VPC and settings().stage == "local":
        raise RunFailed("no_confinement", NOT_HERE)
    if demanded == NAMESPACES and not has_namespaces():
        raise RunFailed("no_confinement", NO_NAMESPACES)
    if demanded == UNCONFINED and has_namespaces():
        return NAMESPACES
    return demanded


def _earlier(cell: EarlierCell) -> Cell:
    return Cell(cell.source, any(one.get("output_type") == "error" for one in cell.outputs))


def _usable(asked: NotebookAsked) -> Snapshot | None:
    taken = asked.snapshot
    if taken is None or taken.cells > len(asked.cells):
        return None
    return Snapshot(taken.cells, taken.content)


def _notebook(ran: Ran) -> dict[str, Any]:
    answer = _answered(ran.status, ran.text, ran.code)
    answer |= {
        "outputs": list(ran.outputs),
        "replayed": ran.replayed,
        "diverged": list(ran.diverged),
        "replaying": ran.is_replaying,
    }
    if ran.snapshot is not None:
        answer["snapshot"] = {"cells": ran.snapshot.cells, "content": ran.snapshot.content}
    return answer


def _answered(status: str, text: str, code: str) -> dict[str, Any]:
    return {"v": 1, "status": status, "code": code, "text": text, "outputs": [], "replayed": 0}
