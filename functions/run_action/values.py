"""Arguments as a request holds them: in a URL, a header, a JSON body."""

import json
import re
from collections.abc import Mapping
from typing import Any

from functions.run_action.failure import ActionFailed
from functions.shared.placeholders import MissingValue, fill

SECRET = "appkey"  # noqa: S105
"""The placeholder that stands for the action's secret."""
_WHOLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}", re.ASCII)
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_HEADER_VALUE = re.compile(r"[ -~\t]*", re.ASCII)
NOT_TO_SET = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    }
)
"""Headers that say how the request travels."""


def given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that have a value and are Unicode text throughout; raises `ActionFailed`."""
    try:
        json.dumps(arguments, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise ActionFailed("bad_argument", "The arguments hold a half of a character.") from error
    return {name: value for name, value in arguments.items() if value is not None}


def text_of_value(value: Any) -> str:
    """Text as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def filled(template: str, values: Mapping[str, Any]) -> str:
    """A template with its values as text; raises `MissingValue`."""
    return fill(template, {name: text_of_value(value) for name, value in values.items()})


def headers_of(templates: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, str]:
    """The headers of a request, those without a value left out; raises `ActionFailed`."""
    headers: dict[str, str] = {}
    for name, template in templates.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in NOT_TO_SET:
            raise ActionFailed("bad_template", f"The header {name[:64]!r} cannot be set.")
        try:
            value = filled(template, values)
        except MissingValue as missing:
            if missing.name == SECRET:
                raise no_secret() from missing
            continue
        if not _HEADER_VALUE.fullmatch(value):
            raise ActionFailed(
                "bad_argument",
                f"A value for the header {name} holds a line break, or what is not ASCII.",
            )
        headers[name] = value
    return headers


def pairs_of(templates: Mapping[str, Any], values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The pairs of a query, those without a value left out, a list as several pairs of one name."""
    pairs: list[tuple[str, str]] = []
    for name, template in templates.items():
        value = _member(template, values)
        if value is not _NOTHING:
            several = value if isinstance(value, list) else [value]
            pairs += [(name, text_of_value(one)) for one in several]
    return pairs


def body_of(template: Any, values: Mapping[str, Any]) -> Any:
    """A JSON body from its template: `{name}` alone stands for the value itself, members without one are left out."""
    if isinstance(template, Mapping):
        members = {name: body_of(part, values) for name, part in template.items()}
        return {name: part for name, part in members.items() if part is not _NOTHING}
    if isinstance(template, list):
        parts = [body_of(part, values) for part in template]
        return [part for part in parts if part is not _NOTHING]
    return _member(template, values)


def no_secret() -> ActionFailed:
    """The template has the placeholder, and the action names no secret."""
    return ActionFailed(
        "bad_template", "The function names no secret for {appkey}; tell its author."
    )


_NOTHING = object()


def _member(template: Any, values: Mapping[str, Any]) -> Any:
    if not isinstance(template, str):
        return template
    whole = _WHOLE.fullmatch(template)
    if whole is not None:
        return values.get(whole[1], _NOTHING)
    try:
        return filled(template, values)
    except MissingValue:
        return _NOTHING
