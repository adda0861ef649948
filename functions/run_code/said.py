"""What the confined process says over its pipe: one JSON object a line, read with an end in bytes.

Code that nobody has read may have written any of it, so a line is taken for no more than JSON.
"""

import json
import os
from collections.abc import Mapping
from typing import Any

PIECE_BYTES = 65536
_UNREADABLE = (ValueError, RecursionError)


class Unreadable(Exception):
    """A line is no JSON object."""


class TooLong(Exception):
    """More was said than was granted."""


class Said:
    """Reads lines from a descriptor as they come; never keeps more of them than was granted, and a piece."""

    def __init__(self, source: int, granted: int) -> None:
        self.source = source
        self._left = granted
        self._rest = bytearray()
        self._searched = 0

    def grant(self, size: int) -> None:
        """From now on so many bytes may come, whatever was left."""
        self._left = size

    def word(self) -> Mapping[str, Any] | None:
        """The next whole line, if it is there; raises `Unreadable` and `TooLong`."""
        end = self._rest.find(b"\n", self._searched)
        self._searched = len(self._rest)
        size = self._searched if end < 0 else end + 1
        if size > self._left:
            raise TooLong
        if end < 0:
            return None
        line = bytes(self._rest[:end])
        del self._rest[:size]
        self._searched = 0
        self._left -= size
        return _parsed(line)

    def read(self) -> bool:
        """Take what is there, or wait for it; False at the end."""
        piece = os.read(self.source, PIECE_BYTES)
        self._rest += piece
        return bool(piece)


def _parsed(line: bytes) -> Mapping[str, Any]:
    try:
        word = json.loads(line, parse_constant=_nothing)
    except _UNREADABLE as error:
        raise Unreadable from error
    if not isinstance(word, dict):
        raise Unreadable
    return word


def _nothing(_: str) -> None:
    """NaN and Infinity, which no JSON knows."""
