"""What a cell gave: the kernel's messages as a notebook's outputs, and as the text that the model reads.

Code that nobody has read may have written any of it: an output is built anew from what may stand in one.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from functions.run_code.marks import OUTPUT_BYTES, TEXT
from functions.run_code.pictures import is_picture

TEXT_BYTES = 16 * 1024
MOST_OUTPUTS = 1000
MOST_COUNTED = 1_000_000
PICTURE_CHARACTERS = 700_000
"""A picture's base64; what is longer is told, not carried."""
DONE = "Done"
CUT = "\n[cut: {size} bytes in all]"
NOT_KEPT = "[left out: more than a notebook's cell keeps]\n"
NO_PICTURE = "[a picture of {size} KB that is not shown: it is too large, or none]"
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_PICTURES = ("image/png", "image/jpeg")
_TEXTS = (
    "text/plain",
    "text/html",
    "text/latex",
    "text/markdown",
    "text/vnd.graphviz",
    "image/svg+xml",
)
"""Carried as the text they are; whether somebody shows them as more is that reader's care."""

Output = dict[str, Any]


class Outputs:
    """Gathers the messages of one cell."""

    def __init__(self) -> None:
        self.recorded: list[Output] = []
        self._value: str | None = None
        self._left = OUTPUT_BYTES
        self._shown_as: dict[str, Output] = {}
        """Outputs that the code has named, so that it can show others in their place."""
        self._is_clearing = False
        self._is_full = False

    def hear(self, kind: str, content: Mapping[str, Any]) -> None:
        """Keep what belongs to a notebook, pieces of one stream as one output."""
        if kind == "clear_output":
            self._is_clearing = True
            if content.get("wait") is not True:
                self._clear()
        elif kind == "update_display_data":
            named = self._shown_as.get(_name_of(content))
            if named is not None and self._fits(changed := _shown(content)):
                named |= changed
        elif (output := _output(kind, content)) is not None:
            self._clear()
            self._keep(output)
            if kind == "display_data" and (name := _name_of(content)):
                self._shown_as[name] = output
            if kind == "execute_result":
                self._value = _value(content, output)

    def text(self, sentence: str = "") -> str:
        """What the model reads: the value, else what was written, an error with its traceback, else `Done`."""
        tracebacks = "".join(self._tracebacks())
        if self._value is not None and not (sentence or tracebacks):
            return shortened(self._value) or DONE
        written = "".join(self._written("stdout"))
        if not written and not tracebacks:
            written = "".join(self._written("stderr"))
        # The end of a traceback says what went wrong, however much was written before.
        told = _last_of(tracebacks, TEXT_BYTES // 2)
        text = shortened(written, TEXT_BYTES - len(told.encode()) - len(sentence.encode()) - 1)
        if sentence:
            return "\n".join(filter(None, [(text + told).rstrip("\n"), sentence]))
        return text + told or self._pictures_shown()

    def _clear(self) -> None:
        if self._is_clearing:
            self.recorded.clear()
            self._shown_as.clear()
            self._is_clearing = self._is_full = False

    def _keep(self, output: Output) -> None:
        """All that fits; after that, a word, and an error still."""
        is_stream, is_error = (output["output_type"] == kind for kind in ("stream", "error"))
        if self._is_full and not is_error:
            return
        if is_stream:
            output["text"] = output["text"][: self._left]
            last = self.recorded[-1] if self.recorded else {}
            if last.get("name") == output["name"]:
                last["text"] += output["text"]
                self._left = max(0, self._left - _size(output["text"]))
                return
        if self._fits(output) and (is_error or len(self.recorded) < MOST_OUTPUTS):
            self.recorded.append(output)
        elif not self._is_full:
            self._is_full = True
            self.recorded.append({"output_type": "stream", "name": "stderr", "text": NOT_KEPT})

    def _fits(self, output: Output) -> bool:
        size = _size(output)
        if size > self._left:
            return False
        self._left -= size
        return True

    def _written(self, stream: str) -> Iterator[str]:
        return (one["text"] for one in self.recorded if one.get("name") == stream)

    def _tracebacks(self) -> Iterator[str]:
        for one in self.recorded:
            if one["output_type"] == "error":
                # A hostile cell can write any traceback; the class is told in any case.
                told = "\n".join(one["traceback"]) or f"{one['ename']}: {one['evalue']}"
                yield f"{_COLOURS.sub('', told)}\n"

    def _pictures_shown(self) -> str:
        pictures = sum(
            any(mime.startswith("image/") for mime in one.get("data", ())) for one in self.recorded
        )
        if not pictures:
            return DONE
        return f"{DONE}: {pictures} {'picture is' if pictures == 1 else 'pictures are'} shown."


def shortened(text: str, most: int = TEXT_BYTES) -> str:
    """At most so many bytes of it, as Unicode that can be written."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= most:
        return raw.decode("utf-8")
    note = CUT.format(size=len(raw))
    return raw[: max(0, most - len(note))].decode("utf-8", "ignore") + note


def _last_of(text: str, most: int) -> str:
    raw = text.encode("utf-8", "replace")
    if len(raw) <= most:
        return raw.decode("utf-8")
    half = most // 2 - len(CUT) - 20
    begins, ends = (piece.decode("utf-8", "ignore") for piece in (raw[:half], raw[-half:]))
    return f"{begins}{CUT.format(size=len(raw))}\n{ends}"


def _output(kind: str, content: Mapping[str, Any]) -> Output | None:
    """One of nbformat's outputs, if it is one."""
    if kind == "stream":
        name = "stderr" if content.get("name") == "stderr" else "stdout"
        return {"output_type": kind, "name": name, "text": _text(content.get("text"))}
    if kind == "error":
        lines = content.get("traceback")
        return {
            "output_type": kind,
            "ename": _text(content.get("ename")),
            "evalue": _text(content.get("evalue")),
            "traceback": list(map(_text, lines if isinstance(lines, list) else ())),
        }
    if kind == "display_data":
        return {"output_type": kind, **_shown(content)}
    if kind == "execute_result":
        count = _counted(content.get("execution_count"))
        return {"output_type": kind, **_shown(content), "execution_count": count}
    return None


def _shown(content: Mapping[str, Any]) -> Output:
    data, sizes = _members(content.get("data")), _members(content.get("metadata"))
    shown = _parts(data)
    return {
        "metadata": {mime: size for mime in shown if (size := _sides(sizes.get(mime)))},
        "data": shown,
    }


def _parts(data: Mapping[str, Any]) -> Mapping[str, str]:
    texts = {mime: _text(data[mime]) for mime in (*_PICTURES, *_TEXTS) if mime in data}
    for mime in _PICTURES:
        text = texts.get(mime, "")
        if text and not (len(text) <= PICTURE_CHARACTERS and is_picture(mime, text)):
            del texts[mime]
            texts["text/plain"] = NO_PICTURE.format(size=len(text) // 1000)
    return {mime: text for mime, text in texts.items() if text}


def _value(content: Mapping[str, Any], output: Output) -> str:
    plain = _members(content.get("metadata")).get(TEXT)
    return plain if isinstance(plain, str) else output["data"].get("text/plain", "")


def _name_of(content: Mapping[str, Any]) -> str:
    return _text(_members(content.get("transient")).get("display_id"))


def _sides(given: Any) -> Mapping[str, int]:
    sides = {name: _counted(_members(given).get(name)) for name in ("width", "height")}
    return {name: side for name, side in sides.items() if side is not None}


def _counted(given: Any) -> int | None:
    return given if type(given) is int and 0 <= given < MOST_COUNTED else None


def _members(given: Any) -> Mapping[str, Any]:
    return given if isinstance(given, dict) else {}


def _text(given: Any) -> str:
    """A text that can be written as UTF-8; nothing for what is none."""
    return given.encode("utf-8", "replace").decode() if isinstance(given, str) else ""


def _size(output: Any) -> int:
    return len(json.dumps(output))
