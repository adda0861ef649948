"""`audit show|verify ID`: read and verify one approval's audit in a deployed stack."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cli.stack import Stack

FOUND, CANNOT = 1, 2
Id = Annotated[str, typer.Argument(metavar="ID", help="The approval's id, as in its address.")]
StackName = Annotated[str, typer.Option("--stack", help="The stack's name.")]
Region = Annotated[
    str | None, typer.Option(help="The stack's; by default as AWS's own tools choose it.")
]

audit = typer.Typer(no_args_is_help=True, help="What was asked, shown, decided and done.")


@audit.command()
def show(
    approval_id: Id,
    stack: StackName = "Countersign",
    region: Region = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Print an approval's audit in order."""
    from cli.audit import show as shown

    _read(stack, region, lambda read: (shown(read, approval_id, as_json=as_json), True))


@audit.command()
def verify(approval_id: Id, stack: StackName = "Countersign", region: Region = None) -> None:
    """Make every hash and link anew; 0: whole, 1: not, 2: it could not be read."""
    from cli.audit import verify as verified

    _read(stack, region, lambda read: verified(read, approval_id))


def _read(
    stack: str, region: str | None, said: Callable[["Stack"], tuple[list[str], bool]]
) -> None:
    """Print what was asked for; what cannot be read is one sentence on standard error."""
    from cli.stack import CannotRead, open_stack

    try:
        lines, is_whole = said(open_stack(stack, region))
    except CannotRead as error:
        print(f"countersign: {error}", file=sys.stderr)
        raise typer.Exit(CANNOT) from error
    print("\n".join(lines))
    raise typer.Exit(0 if is_whole else FOUND)
