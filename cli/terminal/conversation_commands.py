"""`countersign conversations …`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.terminal import conversations as keeping
from cli.terminal.entry import Chosen, Id, Json, Local, ended, says_y, service_of
from cli.terminal.failures import DONE
from cli.terminal.screen import Screen

conversations = typer.Typer(no_args_is_help=True, help="Your conversations.")


@conversations.command("list")
def list_conversations(local: Local = "", as_json: Json = False) -> None:
    """The newest ones first."""

    def run(screen: Screen) -> int:
        found = service_of(Chosen(local)).conversations(limit=100)
        for one in found:
            screen.tell(one)
        screen.table(
            ("ID", "Began", "Agent", "Title"), keeping.rows(found), empty="There are none yet."
        )
        return DONE

    ended(Chosen(local, as_json), run)


@conversations.command("show")
def show_conversation(conversation_id: Id, local: Local = "", as_json: Json = False) -> None:
    """What was said and done."""

    def run(screen: Screen) -> int:
        from cli.terminal.chat import Talking

        service = service_of(Chosen(local))
        whole = service.whole_conversation(conversation_id)
        talking = Talking(service=service, screen=screen, confirm=lambda _: False)
        for turn in whole["turns"]:
            if turn.get("message"):
                screen.say(f"You: {turn['message']}", "bold")
            talking.show(turn)
        return DONE

    ended(Chosen(local, as_json), run)


@conversations.command("export")
def export_conversation(
    conversation_id: Id,
    file: Annotated[Path | None, typer.Option("--file", help="Where to; else here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As the service gives it.")] = False,
    local: Local = "",
) -> None:
    """The whole conversation, as Markdown or JSON."""

    def run(screen: Screen) -> int:
        whole = service_of(Chosen(local)).whole_conversation(conversation_id)
        text = keeping.as_json(whole) if as_json else keeping.as_markdown(whole)
        if file is None:
            sys.stdout.write(text)
        else:
            file.write_text(text, encoding="utf-8")
            screen.say(f"{file} is written.")
        return DONE

    ended(Chosen(local), run)


@conversations.command("delete")
def delete_conversation(
    conversation_id: Id,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    local: Local = "",
) -> None:
    """Remove a conversation for good; the record of its requests stays."""

    def run(screen: Screen) -> int:
        service = service_of(Chosen(local))
        title = service.conversation(conversation_id, limit=1)["title"]
        if not yes and not says_y(screen, f"Delete “{title}” for good? (y/n): "):
            screen.say("Nothing was deleted.")
            return DONE
        service.delete_conversation(conversation_id)
        screen.say("It is deleted.")
        return DONE

    ended(Chosen(local), run)
