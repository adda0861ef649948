"""A conversation's notebook: its cells in the order they ran, with what they gave. No clocks, no stores."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from functions.shared.errors import Conflict

MOST_CELLS = 400
MOST_PICTURES = 50
"""Of one cell; what a loop drew beyond them is in the notebook alone."""
ALT_CHARACTERS = 200
NOT_KEPT = "[this picture was not kept: the notebook is full]"
_BEGINNINGS: Mapping[str, bytes] = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
}
Output = Mapping[str, Any]
"""One of nbformat's outputs (version 4)."""


class NotebookFull(Conflict):
    """The notebook takes no more cells; the sentence is for the model and the person."""

    code = "notebook_full"

    def __init__(self) -> None:
        super().__init__(
            f"This conversation's notebook is full: it holds at most {MOST_CELLS} cells and 5 MB. "
            "Go on in a new conversation."
        )


class NotebookChanged(Exception):
    """Somebody else appended since it was read; nothing was stored: read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that a cell shows; `number` counts from 1 within its cell."""

    number: int
    mime: str
    alt: str
    """What the code says about it: text from outside."""
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One run that is on record: the code, and what it gave then."""

    call_id: str
    agent: str
    function: str
    source: str
    status: Literal["succeeded", "failed"]
    text: str
    """What the model read."""
    outputs: tuple[Output, ...] = ()
    at: str
    kind: Literal["notebook", "module"] = "notebook"
    """`module`: a function of the operator's file was called; there is nothing to run again."""

    @property
    def has_failed(self) -> bool:
        return self.status == "failed"

    def pictures(self) -> tuple[Picture, ...]:
        """Its first PNG and JPEG pictures whose bytes begin as such: one per output, in order."""
        shown = islice(filter(None, map(_shown, self.outputs)), MOST_PICTURES)
        return tuple(
            Picture(number=number, mime=mime, alt=alt, content=content)
            for number, (mime, alt, content) in enumerate(shown, start=1)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """What is stored of a conversation's cells; `version` is "" where nothing is."""

    cells: tuple[Cell, ...] = ()
    version: str = ""

    @property
    def is_full(self) -> bool:
        return len(self.cells) >= MOST_CELLS

    def cell(self, call_id: str) -> Cell | None:
        """The cell of one call."""
        return next((cell for cell in self.cells if cell.call_id == call_id), None)

    def code_cells(self) -> tuple[Cell, ...]:
        """The cells that a fresh kernel runs again."""
        return tuple(cell for cell in self.cells if cell.kind == "notebook")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The names after the first `cells` code cells, as the sandbox wrote them; never opened here."""

    cells: int
    content: str


def is_picture(output: Output) -> bool:
    """Whether an output carries an image of any kind."""
    data = output.get("data")
    return isinstance(data, Mapping) and any(str(mime).startswith("image/") for mime in data)


def without_pictures(output: Output) -> Output:
    """The output with a sentence in place of its images."""
    data = output["data"]
    kept = {mime: part for mime, part in data.items() if not str(mime).startswith("image/")}
    kept["text/plain"] = NOT_KEPT
    shown_size = {
        mime: part for mime, part in output.get("metadata", {}).items() if mime not in data
    }
    return {**output, "data": kept, "metadata": shown_size}


def joined(part: object) -> str:
    """A text as nbformat writes it: one, or a list of its lines; anything else is no text."""
    if isinstance(part, str):
        return part
    if isinstance(part, Iterable) and not isinstance(part, Mapping):
        lines = list(part)
        if all(isinstance(line, str) for line in lines):
            return "".join(lines)
    return ""


def _shown(output: Output) -> tuple[str, str, bytes] | None:
    data = output.get("data")
    if not isinstance(data, Mapping):
        return None
    for mime, beginning in _BEGINNINGS.items():
        content = _decoded(joined(data.get(mime)))
        if content.startswith(beginning):
            return mime, joined(data.get("text/plain"))[:ALT_CHARACTERS], content
    return None


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""
