"""What every command of people begins with: whose session, which screen, and how failures end."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.terminal.failures import CommandFailed
from cli.terminal.screen import Screen

if TYPE_CHECKING:
    from cli.terminal.service import Service

ROOT = Path(__file__).resolve().parents[2]
READY = ROOT / ".local" / "ready.json"
"""What a laptop run leaves for others, while it runs."""
SESSION_DIRECTORY = "COUNTERSIGN_SESSION_DIRECTORY"
"""Where the session is kept, if not where the system keeps such things."""


Local = Annotated[
    str, typer.Option("--local", metavar="NAME", help="Be this person of the laptop run.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object per line, for programs.")]
Id = Annotated[str, typer.Argument(metavar="ID")]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The options that hold for every command."""

    local: str = ""
    """The laptop run's person to be; empty: the session that is kept."""
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class LaptopTokens:
    """A demo person's token of the laptop run."""

    url: str
    token: str

    def access_token(self, *, fresh: bool = False) -> str:
        if fresh:
            raise CommandFailed("The laptop run's token is over: start it again with make local.")
        return self.token


def directory() -> Path:
    """Where the session is kept."""
    named = os.environ.get(SESSION_DIRECTORY)
    return Path(named) if named else Path(typer.get_app_dir("countersign"))


def service_of(chosen: Chosen) -> "Service":
    """The API as the chosen person; raises `NotSignedIn` or `CommandFailed`."""
    from cli.terminal.service import Service
    from cli.terminal.sign_in import KeptTokens, SignInService

    if chosen.local:
        return Service(laptop_tokens(chosen.local))
    return Service(KeptTokens(directory(), SignInService()))


def laptop_tokens(name: str, ready: Path = READY) -> LaptopTokens:
    """The token of a person of the laptop run that is going on here; raises `CommandFailed`."""
    try:
        said: Mapping[str, Any] = json.loads(ready.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise CommandFailed("No laptop run is going on here: start it with make local.") from error
    tokens = {user["name"]: user["token"] for user in said["users"]}
    if name not in tokens:
        raise CommandFailed(
            f"There is no {name!r} in the laptop run; there are {', '.join(tokens)}."
        )
    return LaptopTokens(str(said["url"]).rstrip("/"), tokens[name])


def ended(chosen: Chosen, run: Callable[[Screen], int]) -> None:
    """Run a command to its exit status; a failure is one sentence, beside what was put out."""
    screen = Screen(as_json=chosen.as_json)
    try:
        status = run(screen)
    except CommandFailed as failure:
        screen.fail(failure)
        status = failure.status
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        # Whoever read has gone; nothing more is written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    raise typer.Exit(status)


def says_y(screen: Screen, question: str) -> bool:
    """Whether the next line is exactly `y`; programs that read JSON are asked without words."""
    screen.say("")
    try:
        return input("" if screen.as_json else question) == "y"
    except EOFError:
        return False
