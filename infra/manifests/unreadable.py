"""Why a file is not one JSON value, and what makes a value unfit for JSON."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from functions.shared.strict_json import LARGEST_WHOLE
from infra.manifests.problems import Key

DEEPEST = 48
"""How many mappings and lists may lie in one another."""


@dataclass(frozen=True, slots=True)
class Mistake:
    code: str
    message: str
    line: int = 0
    key: Key = ()


class Unreadable(Exception):
    """A file is not one value that every reader takes for the same."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(mistake.message for mistake in self.mistakes))


def unfit(value: Any, key: Key = ()) -> Iterator[tuple[Key, str, str]]:
    """Every part that JSON's readers would not take for the same: where, code, and why."""
    if isinstance(value, dict):
        for name, part in value.items():
            if not _is_text(name):
                yield (*key, "?"), "bad_text", "a key holds half a character"
            yield from unfit(part, (*key, name))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from unfit(part, (*key, index))
    elif isinstance(value, str):
        if not _is_text(value):
            yield key, "bad_text", "the text holds half a character"
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int):
        if abs(value) > LARGEST_WHOLE:
            yield key, "bad_number", "the whole number is too large for JSON; write it as text"
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield key, "bad_number", "the number is not finite"
    else:
        yield key, "bad_yaml", "the value is not text, number, true, false, null, list or mapping"


def _is_text(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
