"""What is wrong with a manifest, or worth telling: file, line, key, a stable code and one sentence."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str | int, ...]
"""Where a value stands: member names and positions, from the manifest's root."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding; `key` is written `actions.launch.kind`, `line` is 0 where there is none.

    `within` is the file that the manifest names where key and line are of that one.
    """

    file: str
    code: str
    message: str
    key: str = ""
    line: int = 0
    within: str = ""

    def __str__(self) -> str:
        file = f"{self.file}: {self.within}" if self.within else self.file
        place = f"{file}:{self.line}" if self.line else file
        subject = f"{place}: {self.key}" if self.key else place
        return printable(f"{subject}: {self.message} [{self.code}]")

    def value(self) -> dict[str, Any]:
        """For programs."""
        subject = f"{self.within}: {self.message}" if self.within else self.message
        named = {"file": self.file, "code": self.code, "message": printable(subject)}
        if self.key:
            named["key"] = printable(self.key)
        return {**named, "line": self.line} if self.line else named


class BadManifest(Exception):
    """A manifest cannot be used; the message is one line for each problem."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(slots=True)
class Findings:
    """Collects what is found in one manifest, so that everything is told at once."""

    file: str
    lines: dict[Key, int] = field(default_factory=dict)
    renamed: dict[Key, Key] = field(default_factory=dict)
    """Keys that were written with another word, by the word that this product uses."""
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    within: str = ""

    def refuse(self, code: str, key: Key, message: str) -> None:
        """The manifest cannot be used."""
        self._add(self.problems, code, key, message)

    def warn(self, code: str, key: Key, message: str) -> None:
        """The manifest can be used, and its author should know."""
        self._add(self.warnings, code, key, message)

    def inside(self, file: str, lines: dict[Key, int]) -> "Findings":
        """What is found in a file that the manifest names, told with the manifest's own."""
        return Findings(self.file, lines, {}, self.problems, self.warnings, file)

    def _add(self, found: list[Problem], code: str, key: Key, message: str) -> None:
        written = self._as_written(key)
        line = self._line(written)
        key_text = ".".join(map(str, written))
        problem = Problem(self.file, code, message, key_text, line, self.within)
        if problem not in found:
            found.append(problem)

    def _as_written(self, key: Key) -> Key:
        for end in range(len(key), 0, -1):
            if key[:end] in self.renamed:
                return self.renamed[key[:end]] + key[end:]
        return key

    def _line(self, key: Key) -> int:
        """The line of a key, or of the nearest one around it."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 0)


def printable(text: str) -> str:
    """One line in which nothing can move the cursor or hide."""
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text)
