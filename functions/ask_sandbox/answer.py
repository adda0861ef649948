"""What the sandbox answers: code that nobody has read may have written it, so it is taken as far as it has shape."""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

RESULT_BYTES = 16 * 1024
OUTPUTS_BYTES = 1_100_000
"""A little more than the sandbox itself lets a run write."""
MOST_OUTPUTS = 1000
SNAPSHOT_CHARACTERS = 4 * 1024 * 1024
"""3 MB in base64."""
TEXTS = frozenset(
    {
        "text/plain",
        "text/html",
        "text/markdown",
        "text/latex",
        "text/vnd.graphviz",
        "image/svg+xml",
    }
)
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif"})
JSON = "application/json"
_CUT = "\n[cut: {size} bytes in all]"
_SIDES = ("width", "height")

Output = dict[str, Any]


class Shape(BaseModel):
    """Unknown members are left out; nothing is taken for what it is not."""

    model_config = ConfigDict(frozen=True, strict=True)


class TakenSnapshot(Shape):
    cells: Annotated[int, Field(ge=1)]
    content: Annotated[
        str, Field(min_length=1, max_length=SNAPSHOT_CHARACTERS, pattern=r"^[A-Za-z0-9+/=]+$")
    ]


class Answer(Shape):
    v: Literal[1]
    status: Literal["succeeded", "failed", "timed_out", "killed"]
    code: Annotated[str, Field(max_length=64)] = ""
    text: str
    outputs: list[Any] = Field(default_factory=list)
    replayed: int = 0
    message: str | None = None
    snapshot: Any = None

    @property
    def is_cell(self) -> bool:
        """Whether the code ran to its own end: a refusal is no cell, and what was stopped would be stopped again."""
        return self.status == "succeeded" or (self.status, self.code) == ("failed", "python_error")

    def taken_snapshot(self) -> TakenSnapshot | None:
        """The names after the cell, where they were sent as they should be."""
        try:
            return TakenSnapshot.model_validate(self.snapshot)
        except ValidationError:
            return None


class Stream(Shape):
    output_type: Literal["stream"]
    name: Literal["stdout", "stderr"]
    text: str

    def kept(self) -> Output | None:
        return {"output_type": self.output_type, "name": self.name, "text": self.text}


class Data(Shape):
    data: dict[str, Any]
    metadata: dict[str, Any] = Field(default_factory=dict)

    def parts(self) -> Output | None:
        """What a page and a notebook may show of it; None where that is nothing."""
        data = dict(_parts(self.data))
        if not data:
            return None
        sizes = {mime: size for mime in data if (size := _size_of(self.metadata.get(mime)))}
        return {"data": data, "metadata": sizes}


class Shown(Data):
    output_type: Literal["display_data"]

    def kept(self) -> Output | None:
        parts = self.parts()
        return None if parts is None else {"output_type": self.output_type, **parts}


class Value(Data):
    output_type: Literal["execute_result"]
    execution_count: int | None = None

    def kept(self) -> Output | None:
        parts = self.parts()
        if parts is None:
            return None
        count = self.execution_count
        return {"output_type": self.output_type, **parts, "execution_count": count}


class Error(Shape):
    output_type: Literal["error"]
    ename: str
    evalue: str
    traceback: list[str]

    def kept(self) -> Output | None:
        return self.model_dump()


_OUTPUT: TypeAdapter[Stream | Shown | Value | Error] = TypeAdapter(
    Annotated[Stream | Shown | Value | Error, Field(discriminator="output_type")]
)


def kept_outputs(outputs: Iterable[Any]) -> tuple[Output, ...]:
    """The outputs that a notebook knows, within their limits; all else is left out."""
    found: list[Output] = []
    left = OUTPUTS_BYTES
    for output in outputs:
        try:
            kept = _OUTPUT.validate_python(output).kept()
            written = json.dumps(kept, ensure_ascii=False, allow_nan=False)
        except (ValueError, RecursionError):
            continue
        raw = written.encode("utf-8", "replace")
        if kept is not None and len(raw) <= left and len(found) < MOST_OUTPUTS:
            left -= len(raw)
            # Read back, so that it holds nothing that cannot be written.
            found.append(json.loads(raw))
    return tuple(found)


def as_result(text: str) -> str:
    """At most 16 KB of it, as Unicode that can be written."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= RESULT_BYTES:
        return raw.decode("utf-8")
    note = _CUT.format(size=len(raw))
    return raw[: RESULT_BYTES - len(note)].decode("utf-8", "ignore") + note


def _parts(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for mime, part in data.items():
        is_text = mime in TEXTS and isinstance(part, str)
        if is_text or mime == JSON or (mime in PICTURES and _is_base64(part)):
            yield mime, part


def _is_base64(part: Any) -> bool:
    if not isinstance(part, str):
        return False
    try:
        return bool(base64.b64decode("".join(part.split()), validate=True))
    except (binascii.Error, ValueError):
        return False


def _size_of(said: Any) -> Mapping[str, int]:
    given = said if isinstance(said, dict) else {}
    return {side: given[side] for side in _SIDES if type(given.get(side)) is int}
