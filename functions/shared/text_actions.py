"""The kinds that only make text: a message, and a document that is handed over as a data URL."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus

from functions.shared.placeholders import fill

OCTETS = 75
"""The longest line of iCalendar and vCard. https://www.rfc-editor.org/rfc/rfc5545#section-3.1"""
_BREAKS = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
"""Everything that some reader takes for the end of a line."""
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_TEXT_PROPERTY = re.compile(
    r"(?i)(?:SUMMARY|DESCRIPTION|LOCATION|COMMENT|CONTACT|FN|NOTE|TITLE|NICKNAME)(?:;[^:]*)?:"
)
_FORMULA = ("=", "+", "-", "@", "\t")

Filled = Callable[[str, Mapping[str, Any], bool], str]


class BadText(Exception):
    """Text that must not be made; the message is made for the model."""


def message_text(values: Mapping[str, Any], arguments: Mapping[str, Any]) -> str:
    """The kind `message_template`: its message, filled. Raises `MissingValue`."""
    return fill(values["message"], arguments)


def data_url_text(values: Mapping[str, Any], arguments: Mapping[str, Any]) -> str:
    """The kind `data_url`: its template filled for its type, as a data URL in its message.

    No value adds a line, a column or a member of its own to the document. Raises `MissingValue`, `BadText`.
    """
    mime_type = str(values.get("mime_type") or "")
    filled = TYPES.get(mime_type.lower())
    if filled is None:
        raise BadText(f"A data URL of the type {mime_type[:64]!r} is not made here.")
    text = filled(values["template"], arguments, bool(values.get("escape")))
    url = f"data:{mime_type};charset=utf-8,{quote_plus(text, errors='replace')}"
    return fill(values["message"], {"url": url})


def _plain(template: str, arguments: Mapping[str, Any], escape: bool) -> str:  # noqa: ARG001, FBT001
    return fill(template, arguments)


def _content_lines(template: str, arguments: Mapping[str, Any], escape: bool) -> str:  # noqa: FBT001
    """iCalendar and vCard: a value stays on its line, and long lines are folded.

    With `escape` the values of text properties are escaped whole; without it they stand as SlashGPT writes them.
    """
    lines = template.splitlines(keepends=True)
    ending = next((line[len(line.rstrip("\r\n")) :] for line in lines), "") or "\n"

    def line_of(line: str) -> str:
        whole = escape and _TEXT_PROPERTY.match(line) is not None
        content = line.rstrip("\r\n")
        filled = fill(content, arguments, encode=_escaped if whole else _on_one_line)
        return _folded(filled, ending) + line[len(content) :]

    return "".join(line_of(line) for line in lines)


def _on_one_line(value: str) -> str:
    return _CONTROLS.sub("", _BREAKS.sub(r"\\n", value))


def _escaped(value: str) -> str:
    """TEXT of RFC 5545, section 3.3.11."""
    return _on_one_line(re.sub(r"[\\;,]", lambda found: f"\\{found[0]}", value))


def _folded(line: str, ending: str) -> str:
    """The line in pieces of at most 75 octets; no character is torn apart."""
    pieces, piece, size = [], "", 0
    for character in line:
        octets = len(character.encode("utf-8", "replace"))
        if size + octets > OCTETS:
            pieces.append(piece)
            piece, size = " ", 1
        piece, size = piece + character, size + octets
    return ending.join([*pieces, piece])


def _columns(template: str, arguments: Mapping[str, Any], escape: bool) -> str:  # noqa: ARG001, FBT001
    """CSV: a value is one field, and no spreadsheet takes it for a formula."""

    def field(value: str) -> str:
        if value.startswith(_FORMULA) and not _is_number(value):
            value = f"'{value}"
        if _BREAKS.search(value) or any(mark in value for mark in '",;'):
            return '"' + value.replace('"', '""') + '"'
        return value

    return fill(template, arguments, encode=field)


def _is_number(value: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(?:\.\d+)?", value, re.ASCII) is not None


def _members(template: str, arguments: Mapping[str, Any], escape: bool) -> str:  # noqa: ARG001, FBT001
    """JSON: a text between the template's own quotation marks stays there; anything else is written as JSON."""

    def written(value: Any) -> str:
        text = json.dumps(value, ensure_ascii=False)
        return text[1:-1] if isinstance(value, str) else text

    return fill(template, {name: written(value) for name, value in arguments.items()})


TYPES: Mapping[str, Filled] = {
    "": _plain,
    "text/plain": _plain,
    "text/markdown": _plain,
    "text/calendar": _content_lines,
    "text/vcard": _content_lines,
    "text/csv": _columns,
    "application/json": _members,
}
"""What a data URL may be: nothing that a browser would run."""
