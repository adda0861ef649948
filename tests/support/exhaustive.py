"""What is tried in many forms: one of them in `make test`, all of them in `make test-all`, which CI runs."""

from collections.abc import Iterable

import pytest

MARKS = [pytest.mark.exhaustive]


def one_of(values: Iterable, plain=None) -> list:
    """Each value as a parameter; all but one (the first, unless named) are marked `exhaustive`."""
    values = list(values)
    chosen = values[0] if plain is None else plain
    assert chosen in values
    return [value if value == chosen else marked(value) for value in values]


def marked(value):
    """The value, or the parameter that it is already, as one that only `make test-all` tries."""
    if hasattr(value, "marks"):
        return pytest.param(*value.values, id=value.id, marks=[*value.marks, *MARKS])
    return pytest.param(value, marks=MARKS)
