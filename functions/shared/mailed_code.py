"""Code in a mail: the lines that fit, and a sentence about those that do not."""

from collections.abc import Iterable, Mapping, Sequence

from functions.shared.countersigned_code import CODE
from functions.shared.letter import Block, Code, Line, unlinked
from functions.shared.visible_text import numbered

MOST_LINES = 60
MOST_CHARACTERS = 4000
BRACKETS = (
    "Brackets around a dot, a colon or an @ may be this mail's, so that nothing in it becomes a link: the page shows "
    "the code as it is."
)


def is_code(fact: Mapping[str, str]) -> bool:
    """Whether a fact's value is lines of code."""
    return fact.get("form") == CODE


def code_summary(fact: Mapping[str, str]) -> str:
    """What a table says of code that stands further down: `12 lines, at the end of this mail`."""
    return f"{_lines(len(numbered(fact['value'])))}, at the end of this mail"


def code_blocks(calls: Sequence[tuple[str, Iterable[Mapping[str, str]]]]) -> list[Block]:
    """The code of every call, by its name and its facts."""
    blocks: list[Block] = []
    for name, facts in calls:
        for fact in filter(is_code, facts):
            lines = numbered(fact["value"])
            held = _held(lines)
            told = [unlinked(line) for line in held]
            blocks.append(Line(f"{name}:"))
            blocks += [Code(told)] if told else []
            blocks += [Line(_left_out(len(held), len(lines)), "notice")] if held != lines else []
            blocks += [Line(BRACKETS)] if told != held else []
    return blocks


def _held(lines: Sequence[str]) -> list[str]:
    """The first whole lines that a mail has room for."""
    held: list[str] = []
    left = MOST_CHARACTERS
    for line in lines[:MOST_LINES]:
        left -= len(line)
        if left < 0:
            break
        held.append(line)
    return held


def _left_out(held: int, count: int) -> str:
    if held == 0:
        return f"The code ({_lines(count)}) does not fit into this mail: the page shows all of it."
    missing = f"Line {count} is" if held + 1 == count else f"Lines {held + 1} to {count} are"
    return f"{missing} NOT in this mail: the page shows all of the code."


def _lines(count: int) -> str:
    return f"{count} line{'' if count == 1 else 's'}"
