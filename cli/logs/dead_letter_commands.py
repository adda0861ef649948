"""`countersign dead-letters`: what could not be delivered, and that somebody has read it."""

import json
from typing import Annotated

import typer

from cli.operator import HomeDirectory, deployment_of, operated
from cli.terminal.entry import Json
from cli.terminal.failures import DONE
from cli.terminal.screen import Screen

Remove = Annotated[
    bool,
    typer.Option("--remove", help="Take out of the queue what is shown; the alarm ends with it."),
]


def dead_letters(remove: Remove = False, home: HomeDirectory = None, as_json: Json = False) -> None:
    """Show the commands that no room has carried out; they stay in the queue unless removed."""

    def run(screen: Screen) -> int:
        from cli.logs.dead_letters import read_all
        from cli.logs.dead_letters import remove as remove_them

        deployment = deployment_of(home)
        letters = read_all(deployment)
        for letter in letters:
            screen.tell(letter.value())
        screen.table(
            ("TIME (UTC)", "ROOM", "COMMAND", "WHY"),
            [
                (f"{one.at:%m-%d %H:%M:%S}", one.room, json.dumps(dict(one.command)), one.error)
                for one in letters
            ],
            empty="The dead letter queue is empty.",
        )
        if remove and letters:
            screen.say(f"{remove_them(deployment, letters)} removed.")
        return DONE

    operated(run, as_json=as_json)
