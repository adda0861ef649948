"""`agents VERB …`: manifests checked, shown and tried on the author's own machine; whom one may talk to.

What a verb needs is imported when it is called: the others, and the chat, begin sooner.
"""

from pathlib import Path
from typing import Annotated

import typer

from cli.terminal.approval_commands import list_agents

Root = Annotated[Path | None, typer.Option(help="The folder that named files may not leave.")]

agents = typer.Typer(
    no_args_is_help=True, help="Check, show and try manifests; whom you may talk to."
)
agents.command("list")(list_agents)


@agents.command()
def validate(
    path: Annotated[Path, typer.Argument(metavar="FILE|DIR")],
    as_json: Annotated[bool, typer.Option("--json", help="One object, for programs.")] = False,
    root: Annotated[
        Path | None,
        typer.Option(
            help="The folder that named files may not leave; by default the one that holds agents/ or manifests/."
        ),
    ] = None,
) -> None:
    """Tell everything that is wrong with a manifest, or with all below a folder; 0: nothing, 1: something."""
    from cli.agents_validate import run

    raise typer.Exit(run(path, root, as_json=as_json))


@agents.command()
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    root: Root = None,
    iam: Annotated[
        bool, typer.Option("--iam", help="Print the IAM statements that its calls need instead.")
    ] = False,
) -> None:
    """Print an agent's tools as the model sees them, its gated calls, hosts and secrets."""
    from cli.agents_show import run

    raise typer.Exit(run(file, root, iam=iam))


@agents.command()
def call(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    function: Annotated[str, typer.Argument(metavar="FUNCTION")],
    arguments: Annotated[str, typer.Option(metavar="JSON", help="As a model writes them.")] = "{}",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Send nothing; secrets by their names.")
    ] = False,
    unconfined: Annotated[
        bool,
        typer.Option(
            "--unconfined",
            help="Run Python also where this machine cannot confine it: it may then do what you may do.",
        ),
    ] = False,
    root: Root = None,
) -> None:
    """Call one function of a manifest: print what comes back, or with --dry-run what would be sent."""
    from cli.agents_call import Asked, run

    asked = Asked(file, function, arguments, dry_run, unconfined, root)
    raise typer.Exit(run(asked))
