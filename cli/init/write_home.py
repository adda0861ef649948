"""Writes what an operator's directory begins with, and nothing over what lies there."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from cli.init.page_text import CannotInit, Choices, page_text
from cli.terminal.failures import DONE
from cli.terminal.screen import Screen
from infra.page import NAME, ROOT

WORKFLOW = Path(".github") / "workflows" / NAME
OWNERS = "CODEOWNERS"
ELSEWHERE = (Path(".github") / OWNERS, Path("docs") / OWNERS)
"""Where GitHub looks for owners too."""
SCHEMAS = Path("schemas")
AGENT = Path("agents") / "ec2.yaml"
OWNER = r"@[\w.-]+(/[\w.-]+)?|[^@\s#]+@[^@\s]+\.[^@\s]+"
OWNERS_TOP = """\
# Who must review a change of this directory: what lies here decides what people can ask for and who may countersign.
# It holds when the branch is protected and asks for a review from code owners.
"""
OWNERS_LEFT = "# Write the owners and take the mark away:\n# * @your-organization/your-team\n"


def write_home(screen: Screen, directory: Path, choices: Choices, owners: tuple[str, ...]) -> int:
    """Write every file that is not there, the page last; raises `CannotInit`."""
    has_page = (directory / NAME).exists()
    strange = [owner for owner in owners if not re.fullmatch(OWNER, owner)]
    if strange:
        raise CannotInit(f"{strange[0]} is no owner: write @user, @organization/team or an e-mail.")
    if has_page and choices.lines:
        raise CannotInit(
            f"{directory / NAME} is there already: change it there, or give no options to write only what is missing."
        )
    contents = {
        **dict(around(directory, owners)),
        **({} if has_page else {Path(NAME): page_text(choices)}),
    }
    written: list[str] = []
    lies_there = (NAME, AGENT.parent, *ELSEWHERE)
    left = [str(place) for place in lies_there if (directory / place).exists()]
    for place, text in contents.items():
        (written if is_new(directory / place, text) else left).append(str(place))
    missing = () if has_page else choices.missing
    tell(
        screen,
        directory,
        written,
        left,
        missing,
        has_owners=bool(owners) or any(OWNERS in one for one in left),
    )
    return DONE


def around(directory: Path, owners: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    """What stands around the page; agents only where there are none, owners where GitHub would see them."""
    for name in ("countersign", "manifest"):
        place = SCHEMAS / f"{name}.schema.json"
        yield place, (ROOT / "docs" / place.name).read_text(encoding="utf-8")
    if not (directory / AGENT.parent).exists():
        agent = (ROOT / AGENT).read_text(encoding="utf-8")
        yield AGENT, f"# yaml-language-server: $schema=../schemas/manifest.schema.json\n{agent}"
    if not any((directory / place).exists() for place in ELSEWHERE):
        line = f"* {' '.join(owners)}\n" if owners else OWNERS_LEFT
        yield Path(OWNERS), OWNERS_TOP + line
    yield WORKFLOW, Path(__file__).with_name("workflow.yaml").read_text(encoding="utf-8")


def is_new(file: Path, text: str) -> bool:
    """Write a file that is not there; whether it was not. Raises `CannotInit`."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError as error:
        if not file.is_file():
            raise CannotInit(f"{error.filename} is in the way: name another directory.") from error
        return False
    except OSError as error:
        raise CannotInit(f"{file} cannot be written: {error.strerror}.") from error
    return True


def tell(
    screen: Screen,
    directory: Path,
    written: list[str],
    left: list[str],
    missing: tuple[str, ...],
    *,
    has_owners: bool,
) -> None:
    """What was written, what was left as it was, what only a person can write, and what comes next."""
    screen.tell(
        {
            "directory": str(directory),
            "written": written,
            "left": left,
            "missing": [*missing, *([] if has_owners else ["owners"])],
        }
    )
    if written:
        screen.say(f"Written into {directory}: {', '.join(written)}.", "good")
    if left:
        screen.say(f"Left as it was: {', '.join(left)}.")
    if missing:
        screen.say(f"Still to be written in {directory / NAME}: {', '.join(missing)}.", "warning")
    if not has_owners:
        screen.say(f"Still to be written in {directory / OWNERS}: who owns it.", "warning")
    screen.say(f"What holds: countersign config show --home {shlex.quote(str(directory))}")
