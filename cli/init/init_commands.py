"""`countersign init DIR`: a directory of the operator's own, with the page, agents, owners and a workflow."""

from pathlib import Path
from typing import Annotated

import typer

from cli.terminal.entry import Chosen, Json, ended
from cli.terminal.screen import Screen


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR")],
    region: Annotated[str | None, typer.Option(help="Where it is deployed.")] = None,
    launch: Annotated[
        str | None,
        typer.Option(help="live, or dry_run: shadow mode, in which AWS only rehearses."),
    ] = None,
    account: Annotated[str | None, typer.Option(help="The account's 12 digits.")] = None,
    stage: Annotated[str | None, typer.Option(help="dev or prod.")] = None,
    stack: Annotated[str | None, typer.Option(help="The stack's name.")] = None,
    model: Annotated[str | None, typer.Option(help="The model's name at its service.")] = None,
    provider: Annotated[str | None, typer.Option(help="openai or bedrock.")] = None,
    base_url: Annotated[
        str | None, typer.Option(help="The service's base address, where it is not OpenAI's own.")
    ] = None,
    approver: Annotated[
        list[str] | None, typer.Option(help="Who may countersign, by e-mail; may be repeated.")
    ] = None,
    alarm_email: Annotated[str | None, typer.Option(help="Who is mailed alarms.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Such as Asia/Tokyo.")] = None,
    owner: Annotated[
        list[str] | None,
        typer.Option(help="Who must review changes, as GitHub names them; may be repeated."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write countersign.yaml, agents/, CODEOWNERS and a workflow into DIR; asks nothing, overwrites nothing."""

    def run(screen: Screen) -> int:
        from cli.init.page_text import Choices
        from cli.init.write_home import write_home

        choices = Choices(
            stack=stack,
            stage=stage,
            region=region,
            account=account,
            launch=launch,
            model=model,
            provider=provider,
            base_url=base_url,
            approvers=tuple(approver or ()),
            alarm_email=alarm_email,
            time_zone=time_zone,
        )
        return write_home(screen, directory, choices, tuple(owner or ()))

    ended(Chosen(as_json=as_json), run)
