"""`countersign logs`: one request through every room, whatever failed, or whatever says some words."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from cli.operator import HomeDirectory, deployment_of, operated
from cli.terminal.entry import Json
from cli.terminal.failures import DONE, FAILED
from cli.terminal.screen import Screen

UNITS = {"m": "minutes", "h": "hours", "d": "days"}
LONGEST = timedelta(days=400)

RequestId = Annotated[
    str,
    typer.Option(
        "--request",
        metavar="ID",
        help="The id of a request (every error shows it), of an approval or of a conversation.",
    ),
]
Errors = Annotated[bool, typer.Option("--errors", help="Whatever went wrong, in every room.")]
Saying = Annotated[
    str, typer.Option("--saying", metavar="WORDS", help="Every line with these words in it.")
]
Since = Annotated[
    str, typer.Option(metavar="TIME", help="How far back: 30m, 24h or 7d.", show_default=True)
]


def logs(
    request: RequestId = "",
    errors: Errors = False,
    saying: Saying = "",
    since: Since = "24h",
    home: HomeDirectory = None,
    as_json: Json = False,
) -> None:
    """Follow one request through every room of the deployment, or show what failed, or what says some words."""

    def run(screen: Screen) -> int:
        from cli.logs.find import BadQuestion, failures, follow
        from cli.logs.find import saying as lines_saying

        if [bool(request), errors, bool(saying)].count(True) != 1:
            raise BadQuestion("Say what to look for: --request ID, --errors, or --saying WORDS.")
        start = datetime.now(UTC) - span_of(since)
        deployment = deployment_of(home)
        with screen.waiting("reading the logs"):
            if errors:
                lines = failures(deployment, since=start)
            elif saying:
                lines = lines_saying(deployment, saying, since=start)
            else:
                lines = follow(deployment, request, since=start)
        for line in lines:
            screen.tell(line.value())
        screen.table(
            ("TIME (UTC)", "ROOM", "LEVEL", "WHAT"),
            [(f"{one.at:%m-%d %H:%M:%S}", one.room, one.level, one.what()) for one in lines],
            empty=f"Nothing failed in the last {since}."
            if errors
            else f"No line of the last {since} names {request or saying}; look further back: --since 7d",
        )
        return DONE if lines or errors else FAILED

    operated(run, as_json=as_json)


def span_of(text: str) -> timedelta:
    """`90m`, `24h`, `7d`; raises `BadQuestion`."""
    from cli.logs.find import BadQuestion

    found = re.fullmatch(r"([0-9]{1,5})([mhd])", text)
    span = timedelta(**{UNITS[found[2]]: int(found[1])}) if found else timedelta()
    if not timedelta() < span <= LONGEST:
        raise BadQuestion("--since takes minutes, hours or days: 30m, 24h, 7d.")
    return span
