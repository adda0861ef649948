"""Where a call's arguments came from: typed by the requester, read in a result, or made up by the model.

In doubt the model made it up: an approver is never told that a person typed what nobody typed.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

REQUESTER = "requester"
RESULT = "result"
MODEL = "model"
TELLING_CHARACTERS = 3
"""Anything shorter stands in too many texts to tell where it came from."""
PLACES = 200
"""Where a text stands more often than this, it is not looked for any further."""
_CONNECTORS = 4
_JOINS = frozenset("-_.:/@+%#~=&?\\$")
"""What joins the parts of one name, address or number."""
_SCRIPTS = (
    re.compile(r"[\u3041-\u309f]"),
    re.compile(r"[\u30a0-\u30ff\uff66-\uff9f]"),
    re.compile(r"[\u3005\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"),
)
"""Hiragana, katakana and kanji: written without spaces, so a word ends where the script changes."""


def origins_of(
    arguments: Mapping[str, Any], *, said: Sequence[str], results: Sequence[str]
) -> dict[str, str]:
    """Who said the value of each argument; `said` are the requester's messages, `results` those of functions."""
    typed = [text.casefold() for text in said]
    read = [text.casefold() for text in results]
    return {name: _origin(name, value, typed, read) for name, value in arguments.items()}


def _origin(name: str, value: Any, typed: Sequence[str], read: Sequence[str]) -> str:
    """Of a list or an object: whatever can be said of all its parts."""
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else ((name, part) for part in value)
        origins = {_origin(part_name, part, typed, read) for part_name, part in parts}
        weakest = (origin for origin in (MODEL, RESULT, REQUESTER) if origin in origins)
        return next(weakest, MODEL)
    if value is None or isinstance(value, bool):
        return MODEL
    texts = _written(value)
    for origin, sources in ((REQUESTER, typed), (RESULT, read)):
        if any(_stands_in(source, text, name) for source in sources for text in texts):
            return origin
    return MODEL


def _written(value: str | int | float) -> list[str]:
    """How a value stands in a text: as it is, and inside JSON."""
    if not isinstance(value, str):
        return [json.dumps(value)]
    plain = value.strip()
    escaped = [json.dumps(plain, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False)]
    return [text.casefold() for text in dict.fromkeys([plain, *escaped]) if text]


def _stands_in(source: str, text: str, name: str) -> bool:
    """Whether the text stands there as a whole; a short one only right beside its argument's name."""
    at = -1
    for _ in range(PLACES):
        at = source.find(text, at + 1)
        if at < 0:
            return False
        end = at + len(text)
        is_whole = not _goes_on(source, at, -1) and not _goes_on(source, end - 1, 1)
        if is_whole and (len(text) >= TELLING_CHARACTERS or _is_named(source, at, end, name)):
            return True
    return False


def _goes_on(source: str, edge: int, step: int) -> bool:
    """Whether the word that `edge` belongs to goes on in this direction: directly, or behind what joins names."""
    at = edge + step
    if _is_same_word(source, edge, at):
        return True
    for _ in range(_CONNECTORS):
        if not 0 <= at < len(source) or source[at] not in _JOINS:
            break
        at += step
    else:
        return True
    is_joined = abs(at - edge) > 1 or source[edge] in _JOINS
    return is_joined and 0 <= at < len(source) and _script(source[at]) == "letters"


def _is_same_word(source: str, edge: int, at: int) -> bool:
    if not 0 <= at < len(source):
        return False
    script = _script(source[at])
    return script != "" and script == _script(source[edge])


def _script(character: str) -> str:
    for number, script in enumerate(_SCRIPTS):
        if script.match(character):
            return str(number)
    return "letters" if character.isalnum() or character == "_" else ""


def _is_named(source: str, at: int, end: int, name: str) -> bool:
    """`8 hours`, `hours: 8`, `hours = 8`."""
    word = re.escape(name.casefold().replace("_", " "))
    before = re.search(rf"(?<!\w){word}\s{{0,2}}[:=]?\s{{0,2}}$", source[max(0, at - 80) : at])
    after = re.match(rf"\s{{0,2}}{word}(?!\w)", source[end : end + 80])
    return before is not None or after is not None
