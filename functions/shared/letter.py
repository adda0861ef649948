"""A mail's body as blocks: its text and its HTML are made from the same words, so they cannot differ.

Text of users, models and AWS is passed through `defanged` before it becomes a block; the HTML escapes everything.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

QUOTE_CHARACTERS = 300
_SPACES = re.compile(r"[\s\u2028\u2029]+")
_HIDDEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Characters that Python calls printable and nobody sees."""
_SCHEME = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,12}):(?=\S)(?://)?")
_NUMBERS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
_LINKED = re.compile(
    r"(?<=\w)(?:@|\.(?!\d|(?:nano|micro|small|medium|large|xlarge|metal)\b))(?=\w)"
    r"|(?<=[a-z0-9])[。．｡](?=[a-z])",
    re.IGNORECASE,
)
"""What makes a word an address; sizes of instance types and numbers of versions are no domains."""
_STYLES = {
    "body": "margin:0;padding:16px;font:16px/1.5 sans-serif;color:#171c21;background:#ffffff;overflow-wrap:anywhere",
    "notice": "margin:0 0 16px;padding:12px;border-left:4px solid #7a4b00;background:#fdf1d8;color:#5c3900",
    "strong": "margin:0 0 16px;font-size:18px;font-weight:bold",
    "plain": "margin:0 0 16px",
    "quote": "margin:0 0 16px;padding:4px 0 4px 12px;border-left:3px solid #7d8993",
    "table": "margin:0 0 16px;border-collapse:collapse",
    "cell": "padding:4px 12px 4px 0;text-align:left;vertical-align:top;font-weight:normal",
    "code": "margin:0 0 16px;padding:8px;border:1px solid #d7dde2;font:14px/1.45 monospace;white-space:pre-wrap;"
    "overflow-wrap:anywhere;direction:ltr;unicode-bidi:bidi-override",
    "link": "color:#0f5c57;font-weight:bold",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph; `style` is `plain`, `strong`, `notice` or `quote`."""

    text: str
    style: str = "plain"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a few pieces each; the first piece of a row names it."""

    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Code:
    """Lines as they stand, each behind its number."""

    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Link:
    """The one address of a mail; ours."""

    address: str


Block = Line | Table | Code | Link


def text_of(blocks: Sequence[Block]) -> str:
    return "\n\n".join(_plain(block) for block in blocks) + "\n"


def html_of(blocks: Sequence[Block]) -> str:
    """One document without pictures, scripts or anything remote; numbers are not turned into telephone links."""
    body = "\n".join(_markup(block) for block in blocks)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        '<meta name="format-detection" content="telephone=no,date=no,address=no,email=no,url=no">\n'
        f'</head>\n<body style="{_STYLES["body"]}">\n{body}\n</body>\n</html>\n'
    )


def defanged(text: str, longest: int = QUOTE_CHARACTERS) -> str:
    """Text on one line, shortened, hidden characters made visible, nothing a mail program would turn into a link."""
    line = _SPACES.sub(" ", text).strip()
    if len(line) > longest:
        line = line[:longest] + "…"
    return unlinked(line)


def unlinked(line: str) -> str:
    """A line in which nothing hides, and a mail program finds nothing to turn into a link."""
    line = "".join(map(_visible, line))
    line = _SCHEME.sub(r"\1[:]", line)
    line = _NUMBERS.sub(lambda found: found.group().replace(".", "[.]"), line)
    return _LINKED.sub(lambda found: f"[{found.group()}]", line)


def _visible(character: str) -> str:
    if character.isprintable() and not _HIDDEN.match(character):
        return character
    return f"⟨U+{ord(character):04X}⟩"


def _plain(block: Block) -> str:
    match block:
        case Line(text):
            return text
        case Table(rows):
            return "\n".join(" ".join(row) for row in rows)
        case Code(lines):
            return "\n".join(lines)
        case Link(address):
            return address


def _markup(block: Block) -> str:
    match block:
        case Line(text, style):
            name = "blockquote" if style == "quote" else "p"
            return f'<{name} style="{_STYLES[style]}">{escape(text)}</{name}>'
        case Table(rows):
            return f'<table style="{_STYLES["table"]}">\n{_rows(rows)}\n</table>'
        case Code():
            return f'<pre style="{_STYLES["code"]}">{escape(_plain(block))}</pre>'
        case Link(address):
            href = escape(address)
            return (
                f'<p style="{_STYLES["plain"]}">'
                f'<a style="{_STYLES["link"]}" href="{href}">{href}</a></p>'
            )


def _rows(rows: Sequence[Sequence[str]]) -> str:
    cell = _STYLES["cell"]
    return "\n".join(
        f'<tr><th scope="row" style="{cell}">{escape(name)}</th>\n'
        + "\n".join(f'<td style="{cell}">{escape(piece)}</td>' for piece in pieces)
        + "</tr>"
        for name, *pieces in rows
    )
