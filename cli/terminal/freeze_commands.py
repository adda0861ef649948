"""`countersign freeze`, `unfreeze` and `frozen`: the switch that stops every launch."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from cli.terminal.entry import Chosen, Json, Local, ended, service_of
from cli.terminal.failures import DONE, FAILED
from cli.terminal.screen import Screen

Reason = Annotated[str, typer.Argument(help="Everybody reads it, on every page and in every mail.")]


def freeze(reason: Reason, local: Local = "", as_json: Json = False) -> None:
    """Stop every launch, also those that are approved already; for operators."""
    _set(Chosen(local, as_json), frozen=True, reason=reason)


def unfreeze(reason: Reason, local: Local = "", as_json: Json = False) -> None:
    """Let launches go on; for operators."""
    _set(Chosen(local, as_json), frozen=False, reason=reason)


def frozen(local: Local = "", as_json: Json = False) -> None:
    """Whether launches are stopped; exit status 1 if so."""

    def run(screen: Screen) -> int:
        found = service_of(Chosen(local)).freeze()
        _show(screen, found)
        return FAILED if found["frozen"] else DONE

    ended(Chosen(local, as_json), run)


def _set(chosen: Chosen, *, frozen: bool, reason: str) -> None:
    def run(screen: Screen) -> int:
        _show(screen, service_of(chosen).set_freeze(frozen=frozen, reason=reason))
        return DONE

    ended(chosen, run)


def _show(screen: Screen, found: Mapping[str, Any]) -> None:
    screen.tell(found)
    since = f" since {found['at']}" if found.get("at") else ""
    if found["frozen"]:
        screen.say(f"Launches are stopped{since}: {found['reason']}", "danger")
    else:
        screen.say("Launches go on.", "good")
