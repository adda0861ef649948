"""`countersign destroy`: take a whole deployment away."""

from pathlib import Path
from typing import Annotated

import typer

from cli.operator import HomeDirectory, operated
from cli.terminal.entry import Json
from cli.terminal.screen import Screen


def destroy(
    home: HomeDirectory = None,
    terminate: Annotated[
        bool, typer.Option("--terminate", help="Terminate the instances that were launched.")
    ] = False,
    leave: Annotated[
        bool, typer.Option("--leave", help="Leave them; nobody ends their leases any more.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask nothing; needs --terminate or --leave.")
    ] = False,
    file: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Where the audit is written.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Freeze, cancel what waits, keep the audit, destroy the stack, and name what is left."""

    def run(screen: Screen) -> int:
        from cli.deploy.destroying import choice_of
        from cli.deploy.destroying import destroy as destroyed
        from cli.deploy.ending import ending_of

        choice = choice_of(terminate=terminate, leave=leave, yes=yes, file=file, as_json=as_json)
        return destroyed(screen, ending_of(home), choice, ask=_ask)

    operated(run, as_json=as_json)


def _ask(question: str) -> str:
    """The next line, without its end; empty where there is none."""
    try:
        return input(question)
    except EOFError:
        return ""
