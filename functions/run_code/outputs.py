"""What a cell gave: Jupyter's messages as a notebook's outputs, and as the text that the model reads."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from functions.run_code.marks import OUTPUT_BYTES, TEXT

TEXT_BYTES = 16 * 1024
PICTURE_CHARACTERS = 700_000
"""A picture's base64; what is longer is told, not carried."""
DONE = "Done"
CUT = "\n[cut: {size} bytes in all]"
_KEPT = ("display_data", "error", "execute_result", "stream")
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_PICTURES = "image/"

Output = dict[str, Any]


class Outputs:
    """Gathers the messages of one cell."""

    def __init__(self) -> None:
        self.recorded: list[Output] = []
        self._value: str | None = None
        self._left = OUTPUT_BYTES

    def hear(self, message: Mapping[str, Any]) -> None:
        """Keep what belongs to a notebook, pieces of one stream as one output."""
        kind = message["msg_type"]
        if kind == "clear_output":
            self.recorded.clear()
        if kind not in _KEPT:
            return
        from nbformat.v4 import output_from_msg

        metadata = message["content"].get("metadata", {})
        plain = metadata.pop(TEXT, None)
        output: Output = dict(output_from_msg(message))
        if kind == "execute_result":
            self._value = str(plain if plain is not None else output["data"].get("text/plain", ""))
        if "data" in output:
            output["data"] = dict(_carried(output["data"]))
        if kind == "stream":
            output["text"] = output["text"][: self._left]
        size = len(json.dumps(output))
        if size > self._left and kind != "stream":
            return
        self._left = max(0, self._left - size)
        last = self.recorded[-1] if self.recorded else None
        if kind == "stream" and last and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            self.recorded.append(output)

    def text(self, sentence: str = "") -> str:
        """What the model reads: the value, else what was written, an error with its traceback, else `Done`."""
        failed = sentence or any(one["output_type"] == "error" for one in self.recorded)
        if self._value is not None and not failed:
            return shortened(self._value)
        parts = [*self._written("stdout"), *self._tracebacks()]
        parts = parts or list(self._written("stderr"))
        if sentence:
            return "\n".join(filter(None, [shortened("".join(parts)).rstrip("\n"), sentence]))
        return shortened("".join(parts)) or self._shown()

    def _written(self, stream: str) -> Iterable[str]:
        return (one["text"] for one in self.recorded if one.get("name") == stream)

    def _tracebacks(self) -> Iterable[str]:
        for one in self.recorded:
            if one["output_type"] == "error":
                lines = "\n".join(map(str, one["traceback"]))
                # A hostile cell can write any traceback; the class is told in any case.
                told = _COLOURS.sub("", lines) or f"{one['ename']}: {one['evalue']}"
                yield f"{told}\n"

    def _shown(self) -> str:
        pictures = sum(
            any(mime.startswith(_PICTURES) for mime in one.get("data", ())) for one in self.recorded
        )
        if not pictures:
            return DONE
        return f"{DONE}: {pictures} {'picture is' if pictures == 1 else 'pictures are'} shown."


def shortened(text: str) -> str:
    """At most 16 KB of it, as Unicode that can be written."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= TEXT_BYTES:
        return raw.decode("utf-8")
    note = CUT.format(size=len(raw))
    return raw[: TEXT_BYTES - len(note)].decode("utf-8", "ignore") + note


def _carried(data: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for mime, part in data.items():
        if mime.startswith(_PICTURES) and len(str(part)) > PICTURE_CHARACTERS:
            yield "text/plain", f"[a picture of {len(str(part)) // 1000} KB, which is too large]"
        else:
            yield mime, part
