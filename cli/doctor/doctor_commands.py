"""`countersign doctor`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cli.operator import HomeDirectory, home_of
from cli.terminal.entry import Chosen, Json, ended
from cli.terminal.failures import DONE, FAILED
from cli.terminal.screen import Screen

if TYPE_CHECKING:
    from cli.doctor.finding import Found

STYLES = {"ok": "good", "warn": "warning", "fail": "danger", "unknown": "danger"}
NAME_WIDTH, STATE_WIDTH = 16, 7


def doctor(home: HomeDirectory = None, as_json: Json = False) -> None:
    """Look at all that a deployment needs: a line per check, and its fix. Exit status 1: something is to be mended."""

    def run(screen: Screen) -> int:
        from datetime import UTC, datetime

        from cli.doctor.examine import checks_of, examine
        from cli.doctor.examined import Examined
        from cli.doctor.session import open_session
        from cli.users.everybody import everybody
        from infra.page import ROOT
        from local.programs import search_path

        examined = Examined(
            home=home_of(home),
            checkout=ROOT,
            search_path=search_path(),
            open_session=open_session,
            people_of=everybody,
            clock=lambda: datetime.now(UTC),
        )
        with screen.waiting("Looking at everything at once…"):
            found = list(examine(examined, checks_of(examined)))
        for check, said in found:
            screen.tell(said.value(check.name))
            screen.say(
                f"{said.state:{STATE_WIDTH}} {check.name:{NAME_WIDTH}} {said.says}",
                STYLES[said.state],
            )
            if said.fix:
                screen.say(f"{'':{STATE_WIDTH}} fix: {said.fix}")
        screen.say(_summary([said for _, said in found]))
        return FAILED if any(said.is_bad for _, said in found) else DONE

    ended(Chosen(as_json=as_json), run)


def _summary(found: Sequence["Found"]) -> str:
    """What fails is counted apart from what could not be looked at because of it."""
    failed = sum(said.state == "fail" for said in found)
    unknown = sum(said.state == "unknown" for said in found)
    if not failed and not unknown:
        return "It can work."
    return f"Of {len(found)}: {failed} to mend, {unknown} not checked."
