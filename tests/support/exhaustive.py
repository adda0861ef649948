"""What is tried in many forms: one of them in `make test`, all of them in `make test-all`."""

from collections.abc import Iterable

import pytest


def one_of(values: Iterable, plain=None) -> list:
    """Each value as a parameter; all but one (the first, unless named) are marked `exhaustive`."""
    values = list(values)
    chosen = values[0] if plain is None else plain
    assert chosen in values
    return [
        value if value == chosen else pytest.param(value, marks=pytest.mark.exhaustive)
        for value in values
    ]
