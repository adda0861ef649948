"""The operator's page as a file: its value, and the line of every key."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.manifests.unreadable import Unreadable
from infra.manifests.yaml_text import read

Key = tuple[str | int, ...]
"""Where a value stands: the keys, and places in lists, that lead to it."""


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in the file."""

    file: Path
    value: dict[str, Any]
    lines: Mapping[Key, int]


def read_written(file: Path) -> Written:
    """One mapping, no key of it twice; raises `ValueError` with the line of what is wrong."""
    try:
        value, lines = read(file.read_text(encoding="utf-8"))
    except Unreadable as error:
        raise ValueError(
            "; ".join(
                f"line {mistake.line}: {named(mistake.key)}{mistake.message}"
                for mistake in error.mistakes
            )
        ) from error
    if not isinstance(value, dict):
        raise ValueError("a mapping is expected.")  # noqa: TRY004 - the file's value, not an argument's type
    return Written(file, value, lines)


def named(key: Key) -> str:
    """A key before what is said of it."""
    return f"{'.'.join(map(str, key))}: " if key else ""
