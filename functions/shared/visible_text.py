"""Text that others wrote, on one line, with everything in it seen: for who decides and for what is logged."""

import unicodedata

_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Printable by their class, and yet nothing is seen."""


def visible(text: str) -> str:
    """The text with what hides, reorders or breaks the line written as its escape."""
    return "".join(map(_visible, text))


def _visible(character: str) -> str:
    if character == "\\":
        return "\\\\"
    is_mark = unicodedata.category(character).startswith("M")
    if character.isprintable() and not is_mark and character not in _BLANK_LETTERS:
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
