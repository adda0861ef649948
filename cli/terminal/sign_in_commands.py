"""`countersign login` and `logout`."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.terminal.entry import Chosen, directory, ended
from cli.terminal.failures import DONE, CommandFailed
from cli.terminal.screen import Screen

if TYPE_CHECKING:
    from cli.terminal.loopback import Loopback

WAIT_SECONDS = 300.0
"""How long a browser may take to sign somebody in."""


def login(
    address: Annotated[str, typer.Argument(help="Where Countersign is, such as https://…")] = "",
    again: Annotated[bool, typer.Option("--again", help="Sign in anew.")] = False,
    paste: Annotated[
        bool, typer.Option("--paste", help="Paste a code: for a machine without a browser.")
    ] = False,
) -> None:
    """Sign in at a deployment."""

    def run(screen: Screen) -> int:
        from cli.terminal.kept import Session
        from cli.terminal.loopback import Loopback
        from cli.terminal.sign_in import Attempt, SignInService

        known = Session.read(directory())
        at = address or (known.url if known else "")
        if not at:
            raise CommandFailed("Say where: countersign login https://…")
        service = SignInService()
        place = service.place(at)
        loopback = Loopback(() if paste else place.ports)
        uri = loopback.redirect_uri if loopback.is_open else place.code_uri
        attempt = Attempt(place, uri)
        url = attempt.address(again=again)
        try:
            answer = _answered(screen, loopback, url)
        finally:
            loopback.close()
        session = service.session(attempt, attempt.code_in(answer), datetime.now(UTC).timestamp())
        session.keep(directory())
        screen.say(f"You are {session.name} <{session.email}> at {session.url}.", "good")
        return DONE

    ended(Chosen(), run)


def logout() -> None:
    """Sign out here, and end the session at the sign-in service."""

    def run(screen: Screen) -> int:
        from cli.terminal.kept import Session, forget
        from cli.terminal.sign_in import SignInService

        known = Session.read(directory())
        forget(directory())
        if known is not None:
            SignInService().revoke(known)
        screen.say("You are signed out.")
        return DONE

    ended(Chosen(), run)


def _answered(screen: Screen, loopback: "Loopback", url: str) -> str:
    """What the browser came back with, or what was pasted."""
    if loopback.is_open:
        import webbrowser

        screen.say("Your browser opens the sign-in page. If it does not, open:")
        screen.say(url)
        webbrowser.open(url)
        with screen.waiting("Waiting for the browser…"):
            answer = loopback.wait(WAIT_SECONDS)
        if not answer:
            raise CommandFailed("Nobody signed in; begin again, or use --paste.")
        return answer
    screen.say("Open this in any browser, sign in, and paste the code it shows:")
    screen.say(url)
    return input("Code: ")
