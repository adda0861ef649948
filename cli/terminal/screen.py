"""What a terminal shows: words, tables and waits for people; one JSON object per line for programs."""

import json
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.terminal.failures import CommandFailed

_KEPT = ("\n", "\t")
STYLES = {"warning": "yellow", "danger": "bold red", "good": "green"}


class Screen:
    """Colours and spinners only where a person looks: not when piped, not with `NO_COLOR`, not as JSON."""

    def __init__(self, *, as_json: bool = False, out: IO[str] | None = None) -> None:
        self.as_json = as_json
        self._out = out or sys.stdout
        self._console = Console(
            file=self._out, highlight=False, markup=False, emoji=False, soft_wrap=True
        )
        self._aside = Console(
            stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True
        )

    @property
    def is_terminal(self) -> bool:
        """Whether somebody looks."""
        return self._console.is_terminal and not self.as_json

    def say(self, text: str, style: str = "") -> None:
        """A text of anybody's; nothing in it can move the cursor or hide."""
        if not self.as_json:
            self._console.print(Text(printable(text), style=style))

    def tell(self, value: Mapping[str, Any]) -> None:
        """One object for programs."""
        if self.as_json:
            self._out.write(json.dumps(value, ensure_ascii=False) + "\n")
            self._out.flush()

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> None:
        if self.as_json:
            return
        written = [[printable(cell) for cell in row] for row in rows]
        if not written:
            self.say(empty)
        elif self._console.is_terminal:
            table = Table(box=None, pad_edge=False, header_style="bold")
            for number, head in enumerate(heads):
                # What a row begins with is what people copy.
                table.add_column(head, no_wrap=number == 0, overflow="fold")
            for row in written:
                table.add_row(*(Text(cell) for cell in row))
            self._console.print(table)
        else:
            for row in written:
                self._out.write("\t".join(cell.replace("\n", " ") for cell in row) + "\n")

    def facts(self, rows: Iterable[tuple[str, str, str, str]]) -> None:
        """Label, value, who answers for it, and how much it matters."""
        if self.as_json:
            return
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        table.add_column(style="dim", overflow="fold")
        for label, value, said_by, level in rows:
            style = STYLES.get(level, "")
            table.add_row(printable(label), Text(printable(value), style=style), printable(said_by))
        self._console.print(table, soft_wrap=False)

    def rule(self) -> None:
        if not self.as_json:
            self._console.print("-" * 32)

    @contextmanager
    def waiting(self, text: str) -> Iterator["Wait"]:
        """A spinner while something goes on, where somebody looks."""
        if not self.is_terminal:
            yield Wait(None)
            return
        with self._console.status(Text(printable(text))) as status:
            yield Wait(status)

    def fail(self, failure: CommandFailed) -> None:
        """The failure's sentence, beside what the command puts out."""
        if self.as_json:
            self.tell({"error": {"code": failure.code, "detail": str(failure)}})
        else:
            self._aside.print(Text(printable(str(failure)), style="red"))


class Wait:
    """What is waited for, in words that may change."""

    def __init__(self, status: Any) -> None:
        self._status = status

    def now(self, text: str) -> None:
        if self._status is not None:
            self._status.update(Text(printable(text)))


def printable(text: str) -> str:
    """The text with line breaks and tabs, and everything else that does not print as its escape."""
    return "".join(map(_printable, text))


def _printable(character: str) -> str:
    if character in _KEPT or character == " ":
        return character
    is_seen = character.isprintable() and unicodedata.category(character) not in ("Cf", "Zl", "Zp")
    if is_seen:
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
