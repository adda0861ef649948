"""JSON with the line of every key; no key twice, no NaN, bounded depth."""

import json
import re
from typing import Any

from infra.manifests.problems import Key
from infra.manifests.unreadable import DEEPEST, Mistake, Unreadable, unfit

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)


def read(text: str) -> tuple[Any, dict[Key, int]]:
    """The text's value and the line of every key; raises `Unreadable`."""
    depth = _deepest(text)
    if depth > DEEPEST:
        raise Unreadable([Mistake("too_deep", "nested too deeply")])
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable([Mistake("bad_json", error.msg.lower(), error.lineno)]) from error
    except ValueError as error:
        raise Unreadable([Mistake("bad_number", str(error))]) from error
    lines: dict[Key, int] = {}
    mistakes = _walk(text, lines)
    mistakes += [Mistake(code, why, lines.get(key, 0), key) for key, code, why in unfit(value)]
    if mistakes:
        raise Unreadable(mistakes)
    return value, lines


def _deepest(text: str) -> int:
    depth = deepest = 0
    for token in _TOKEN.finditer(text):
        if token[0] in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif token[0] in "}]":
            depth -= 1
    return deepest


def _walk(text: str, lines: dict[Key, int]) -> list[Mistake]:
    """Notes the line of every key of a valid text; the keys that stand twice."""
    mistakes: list[Mistake] = []
    place: list[str | int] = []
    seen: list[set[str] | None] = []
    line, at = 1, 0
    is_key = False
    for token in _TOKEN.finditer(text):
        line += text.count("\n", at, token.start())
        at = token.start()
        mark = token[0]
        lines.setdefault((), line)
        if mark == "{":
            seen.append(set())
            place.append("")
            is_key = True
        elif mark == "[":
            seen.append(None)
            place.append(0)
            lines.setdefault(tuple(place), line)
        elif mark in "}]":
            seen.pop()
            place.pop()
            is_key = False
        elif mark == ",":
            names = seen[-1]
            is_key = names is not None
            if not is_key:
                place[-1] = int(place[-1]) + 1
        elif is_key and mark != ":":
            name = json.loads(mark)
            place[-1] = name
            key = tuple(place)
            names = seen[-1] or set()
            if name in names:
                mistakes.append(Mistake("duplicate_key", "it stands twice", line, key))
            elif seen[-1] is not None:
                seen[-1].add(name)
            lines[key] = line
            is_key = False
        elif mark != ":":
            lines.setdefault(tuple(place), line)
    return mistakes
