"""A URL from its template and its values: RFC 6570, with every value kept inside its own part."""

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote, unquote

from functions.run_action.failure import ActionFailed
from functions.run_action.values import text_of_value

_EXPRESSION = re.compile(r"\{([^{}]*)\}")
_AUTHORITY = re.compile(r"(?i)https://[^/?#{}]+(?=[/?#]|\{[/?]|$)")
_SEPARATORS = re.compile(r"[/\\]")
_DOUBTFUL = frozenset("+#=,!@|")
"""Operators that let a value leave its part, stay unsent, or mean nothing yet."""
DECODINGS = 8
"""How often a path is decoded to see what it may come to mean."""


def expanded(template: str, values: Mapping[str, Any]) -> str:
    """The URL; a plain `{name}` needs its value, `{?name}`, `{&name}` and `{/name}` are left out without one.

    Raises `ActionFailed`.
    """
    # Only this room's package has it, and only a template with values needs it.
    import uritemplate

    if not _AUTHORITY.match(template) or "#" in template:
        raise _bad_template()
    for expression in _EXPRESSION.findall(template):
        if not expression or expression[0] in _DOUBTFUL or "=" in expression:
            raise _bad_template()
    plain = [one for one in _EXPRESSION.findall(template) if one[0] not in "?&/;."]
    for name in (name for one in plain for name in _names(one)):
        if name not in values:
            raise missing_argument([name])
    path = template.partition("?")[0]
    for name in (name for one in _EXPRESSION.findall(path) for name in _names(one)):
        if values.get(name) == "":
            raise ActionFailed(
                "bad_argument", f"{name!r} is a part of a path and must not be empty."
            )
    try:
        url = str(uritemplate.expand(template, _expandable(values)))
    except (ValueError, TypeError) as error:
        raise _bad_template() from error
    _refuse_dots(url)
    return url


def with_query(url: str, pairs: Collection[tuple[str, str]]) -> str:
    """The URL with more pairs in its query."""
    if not pairs:
        return url
    joined = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    return f"{url}{'&' if '?' in url else '?'}{joined}"


def names_of(template: str) -> list[str]:
    """The variables of a template, each once."""
    found = (name for one in _EXPRESSION.findall(template) for name in _names(one))
    return list(dict.fromkeys(found))


def missing_argument(names: Collection[str]) -> ActionFailed:
    """What the model left out."""
    listed = ", ".join(repr(name) for name in names)
    return ActionFailed("missing_argument", f"A value is missing for {listed}; nothing was sent.")


def _names(expression: str) -> list[str]:
    return [
        re.sub(r":\d+$|\*$", "", name) for name in expression.lstrip("?&/;.").split(",") if name
    ]


def _expandable(values: Mapping[str, Any]) -> dict[str, Any]:
    """Texts, lists and tables of texts, as RFC 6570 knows them."""
    return {
        name: [text_of_value(part) for part in value]
        if isinstance(value, list)
        else {str(key): text_of_value(part) for key, part in value.items()}
        if isinstance(value, dict)
        else text_of_value(value)
        for name, value in values.items()
    }


def _refuse_dots(url: str) -> None:
    """No path may climb, in whatever spelling a server may decode."""
    path = url.partition("?")[0].split("//", 1)[-1].partition("/")[2]
    for _ in range(DECODINGS):
        if any(part in (".", "..") for part in _SEPARATORS.split(path)):
            raise ActionFailed("bad_argument", "A part of a path must not be '.' or '..'.")
        path = unquote(path)


def _bad_template() -> ActionFailed:
    return ActionFailed("bad_template", "The function's address cannot be filled; tell its author.")
