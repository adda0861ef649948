"""`audit show|verify ID`: read and verify one approval's audit in a deployed stack."""

import sys
from collections.abc import Callable
from pathlib import Path
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
def verify(
    approval_id: Annotated[str, typer.Argument(metavar="[ID]", show_default=False)] = "",
    stack: StackName = "Countersign",
    region: Region = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="The audit that countersign destroy has written.")
    ] = None,
) -> None:
    """Make every hash and link anew, of an approval or of a file; 0: whole, 1: not, 2: it could not be read."""
    from cli.audit import verify as verified

    if (file is None) == (not approval_id):
        raise typer.BadParameter("name an approval's id or a file, one of them")
    if file is not None:
        _verify_file(file)
    _read(stack, region, lambda read: verified(read, approval_id))


def _verify_file(file: Path) -> None:
    """Without a stack and without AWS."""
    from cli.audit_file import BadFile
    from cli.audit_file import verify as verified

    try:
        lines, is_whole = verified(file)
    except BadFile as error:
        print(f"countersign: {error}", file=sys.stderr)
        raise typer.Exit(CANNOT) from error
    print("\n".join(lines))
    raise typer.Exit(0 if is_whole else FOUND)


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
