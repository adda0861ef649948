"""JSON that can be read in only one way: hooks for `json.loads` that refuse what readers take differently.

https://www.rfc-editor.org/rfc/rfc7493 (I-JSON)
"""

from typing import Any

LARGEST_WHOLE = 2**53 - 1
"""Beyond it, JSON's readers disagree about a whole number: RFC 8785 and I-JSON know none."""


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once; raises ValueError."""
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice")
    return value


def whole(text: str) -> int:
    """A whole number that every reader writes the same; raises ValueError."""
    value = int(text)
    if abs(value) > LARGEST_WHOLE or text == "-0":
        raise ValueError("a whole number is too large, or minus zero")
    return value
