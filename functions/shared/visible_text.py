"""Text that others wrote, with everything in it seen: for who decides and for what is logged."""

import re
import unicodedata
from collections.abc import Callable

LONGEST_BLANK = 40
"""More spaces in a row than this could push what follows out of sight."""
LINES_NAMED = 5
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0\ufffc\U0001d159")
"""Printable by their class, and yet nothing is seen."""
_TURNING = frozenset({"R", "AL", "AN"})
"""Directions of writing in which a letter takes its neighbours along."""
_RUN = re.compile(r"(.)\1*", re.DOTALL)
_MARK = "⟨"
_HIDDEN = re.compile(r"⟨U\+|⟨space×\d{2,}⟩")
_WORD = re.compile(r"\w+")
_LOOK_ALIKE = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "FULLWIDTH", "MATHEMATICAL")
_EMPTY_LINES = 20


def visible(text: str) -> str:
    """The text on one line, with what hides, reorders or breaks the line written as its escape."""
    return "".join(map(_visible, text))


def visible_code(code: str) -> str:
    """Code in its lines, with whatever would not be seen as it is written as a mark: `⟨U+200B⟩`, `⟨tab⟩`, `⟨space×3⟩`.

    No two codes look the same: the line feed is the only character that stays and has no shape, every `⟨` begins a
    mark, and a backslash is a backslash. A letter that is written from right to left is a mark too.
    """
    return "".join(_shown_run(run, code) for run in _RUN.finditer(code))


def numbered(shown: str) -> list[str]:
    """The lines of shown code, each behind its number, so that none can pass for a line of ours."""
    lines = shown.split("\n")
    width = len(str(len(lines)))
    return [f"{number:>{width}} | {line}" for number, line in enumerate(lines, start=1)]


def oddities(code: str) -> dict[str, str]:
    """Where to look twice in code, by what is odd: the numbers of its lines; empty where there is nothing odd.

    `hidden`: a mark stands for what would not be seen. `look_alike`: a word mixes alphabets whose letters look alike.
    `below`: the line stands below so many empty ones that nobody would look for it.
    """
    lines = code.split("\n")
    found = {
        "hidden": _where(lines, lambda line: _HIDDEN.search(visible_code(line)) is not None),
        "look_alike": _where(lines, _mixes_alphabets),
        "below": _after_emptiness(lines),
    }
    return {what: _named(numbers) for what, numbers in found.items() if numbers}


def _shown_run(run: re.Match[str], code: str) -> str:
    """One character as often as it stands there."""
    text, character = run.group(), run.group(1)
    if character == "\n":
        return text
    if character == " ":
        is_at_end = run.end() == len(code) or code[run.end()] == "\n"
        return text if not is_at_end and len(text) <= LONGEST_BLANK else _mark("space", len(text))
    if character == "\t":
        return _mark("tab", len(text))
    if character == "\\":
        return text
    is_plain = (
        _visible(character) == character
        and character != _MARK
        and unicodedata.bidirectional(character) not in _TURNING
    )
    return text if is_plain else _mark(f"U+{ord(character):04X}", len(text))


def _mark(name: str, times: int) -> str:
    return f"{_MARK}{name}×{times}⟩" if times > 1 else f"{_MARK}{name}⟩"


def _visible(character: str) -> str:
    if character == "\\":
        return "\\\\"
    is_mark = unicodedata.category(character).startswith("M")
    if character.isprintable() and not is_mark and character not in _BLANK_LETTERS:
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def _mixes_alphabets(line: str) -> bool:
    return not line.isascii() and any(
        re.search("[A-Za-z]", word) and any(map(_looks_latin, word))
        for word in _WORD.findall(line)
        if not word.isascii()
    )


def _looks_latin(character: str) -> bool:
    return not character.isascii() and unicodedata.name(character, "").startswith(_LOOK_ALIKE)


def _after_emptiness(lines: list[str]) -> list[int]:
    found, empty = [], 0
    for number, line in enumerate(lines, start=1):
        if line.strip():
            if empty > _EMPTY_LINES:
                found.append(number)
            empty = 0
        else:
            empty += 1
    return found


def _where(lines: list[str], is_odd: Callable[[str], bool]) -> list[int]:
    return [number for number, line in enumerate(lines, start=1) if is_odd(line)]


def _named(numbers: list[int]) -> str:
    """`2, 3, 5, 8, 9 (+4)`."""
    named = ", ".join(map(str, numbers[:LINES_NAMED]))
    more = len(numbers) - LINES_NAMED
    return named + (f" (+{more})" if more > 0 else "")
