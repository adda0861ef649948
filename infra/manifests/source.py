"""A manifest's file, read in only one way: text, a JSON value, and the line of every key.

Both languages are read strictly: no key twice, no tags, no numbers that readers take differently; size, depth and
aliases are bounded.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.manifests import json_text, yaml_text
from infra.manifests.problems import Key
from infra.manifests.unreadable import Mistake, Unreadable

LARGEST_FILE = 1_000_000
"""Bytes of any file that a manifest is, or names."""
SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class Source:
    """What a file says; `lines` knows the line of each key."""

    value: Any
    lines: dict[Key, int] = field(default_factory=dict)


def read_text(file: Path) -> str:
    """A text file within its bounds; raises `Unreadable`."""
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST_FILE + 1)
    except OSError as error:
        raise Unreadable([Mistake("file_missing", f"it cannot be read: {error.strerror}")]) from (
            error
        )
    if len(content) > LARGEST_FILE:
        raise Unreadable([Mistake("too_large", f"it is larger than {LARGEST_FILE:,} bytes")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Unreadable([Mistake("bad_encoding", "it is not UTF-8", line)]) from error


def read_source(file: Path) -> Source:
    """What a YAML or JSON file says; raises `Unreadable` with everything that makes it unusable."""
    text = read_text(file)
    if file.suffix == ".json":
        return Source(*json_text.read(text))
    return Source(*yaml_text.read(text))
