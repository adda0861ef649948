"""`countersign chat`: one message, or the dialogue."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.terminal.entry import Chosen, Json, Local, ended, says_y, service_of
from cli.terminal.failures import PENDING, CommandFailed, WrongUse
from cli.terminal.screen import Screen

if TYPE_CHECKING:
    from cli.terminal.chat import Talking
    from cli.terminal.service import Answer, Service


def chat(
    text: Annotated[str, typer.Argument(help="One message; without it a dialogue begins.")] = "",
    agent: Annotated[str, typer.Option("--agent", help="Whom to talk to.")] = "",
    go_on: Annotated[
        bool, typer.Option("--continue", help="Go on with the newest conversation.")
    ] = False,
    conversation: Annotated[
        str, typer.Option("--conversation", metavar="ID", help="Go on with this conversation.")
    ] = "",
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until a request is decided and done.")
    ] = False,
    local: Local = "",
    as_json: Json = False,
) -> None:
    """Ask for something. Exit status: 0 done, 2 usage, 3 rejected, 4 expired, 5 pending, 1 anything else."""
    chosen = Chosen(local, as_json)

    def run(screen: Screen) -> int:
        from cli.terminal.chat import Talking
        from cli.terminal.dialogue import how_to_resume

        service = service_of(chosen)
        talking = Talking(
            service=service, screen=screen, confirm=_confirms(screen), local=chosen.local
        )
        here = conversation or (_newest(service) if go_on else None)
        message = text or ("" if sys.stdin.isatty() else sys.stdin.read())
        if not message.strip():
            if as_json or not sys.stdin.isatty():
                raise WrongUse("Say something: countersign chat TEXT")
            return _dialogue(talking, agent, here)
        try:
            turn = talking.say(message, conversation_id=here, agent=agent or None)
        except KeyboardInterrupt:
            screen.say(how_to_resume(talking, here), "dim")
            raise
        here = turn["conversation_id"]
        talking.show(turn)
        try:
            turn, status = talking.settle(turn, wait=wait)
        except KeyboardInterrupt:
            status = PENDING
        if status == PENDING and turn["approval"]:
            screen.say(f"Waiting: {turn['approval']['id']}")
        if status:
            screen.say(how_to_resume(talking, here), "dim")
        return status

    ended(chosen, run)


def _dialogue(talking: "Talking", agent_id: str, conversation_id: str | None) -> int:
    from cli.terminal.dialogue import hold, recap

    agents = {one["id"]: one for one in talking.service.agents()}
    if agent_id and agent_id not in agents:
        raise CommandFailed(
            f"There is no agent {agent_id!r} for you; there are {', '.join(agents)}."
        )
    agent: Answer | None = agents.get(agent_id or "ec2") or next(iter(agents.values()), None)
    if conversation_id is not None:
        recap(talking, conversation_id)
    return hold(talking, _reader(), agent=agent, conversation_id=conversation_id)


def _reader() -> Callable[[], str | None]:
    """Lines that somebody types, with a history for this dialogue; None at its end."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import InMemoryHistory

    session: PromptSession[str] = PromptSession(history=InMemoryHistory())

    def read() -> str | None:
        try:
            return session.prompt("You: ")
        except EOFError:
            return None
        except KeyboardInterrupt:
            return None

    return read


def _confirms(screen: Screen) -> "Callable[[Answer], bool]":
    def confirm(approval: "Answer") -> bool:
        from cli.terminal.approvals import show

        show(screen, approval, datetime.now(UTC))
        screen.say("Here you may countersign your own request.")
        return says_y(screen, "proceed? (y/n): ")

    return confirm


def _newest(service: "Service") -> str:
    found = service.conversations(limit=1)
    if not found:
        raise CommandFailed("There is no conversation to go on with.")
    return str(found[0]["conversation_id"])
