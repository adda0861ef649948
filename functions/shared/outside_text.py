"""Whether what is told of a countersigned call was written by somebody outside, or by code that nobody has read."""

from functions.shared.kinds import KINDS

MAY_BE_OUTSIDE = frozenset({"succeeded", "failed"})
"""Every other outcome is told in our own words."""


def is_outside_text(operation: str, status: str) -> bool:
    """Of an outcome's text, by its call's operation and its status; in doubt it is outside."""
    kind = KINDS.get(operation)
    return kind is not None and kind.brings_outside_text and status in MAY_BE_OUTSIDE
