"""The dialogue: a person types, the agent asks back, a request waits, the outcome comes."""

from collections.abc import Callable, Mapping
from typing import Any

from cli.terminal.chat import Talking
from cli.terminal.failures import DONE, PENDING, CommandFailed, NotSignedIn
from functions.shared.plan_words import shadow_words

HELP = "Type a message. /quit ends, /help shows this; Ctrl-C leaves a wait, and the request stays."
RESUME = "Go on with: countersign chat --conversation {id}"
NEWEST = "Go on with: countersign chat --continue"


def hold(
    talking: Talking,
    read: Callable[[], str | None],
    *,
    agent: Mapping[str, Any] | None,
    conversation_id: str | None,
) -> int:
    """Until whoever types ends it; the exit status of the last turn. `read` gives None at the end."""
    screen, status = talking.screen, DONE
    if agent is not None and conversation_id is None:
        _greet(talking, agent)
    while (line := read()) is not None:
        message = line.strip()
        if not message:
            continue
        if message in ("/quit", "/exit"):
            break
        if message == "/help":
            screen.say(HELP)
            continue
        try:
            turn = talking.say(
                message,
                conversation_id=conversation_id,
                agent=str(agent["id"]) if agent and conversation_id is None else None,
            )
            conversation_id = turn["conversation_id"]
            talking.show(turn)
            turn, status = talking.settle(turn, wait=True)
        except KeyboardInterrupt:
            status = PENDING
            screen.say(f"It goes on without you. {how_to_resume(talking, conversation_id)}", "dim")
        except NotSignedIn:
            screen.say(how_to_resume(talking, conversation_id), "dim")
            raise
        except CommandFailed as failure:
            screen.fail(failure)
    if conversation_id is not None:
        screen.say(how_to_resume(talking, conversation_id), "dim")
    return status


def how_to_resume(talking: Talking, conversation_id: str | None) -> str:
    """The command that goes on where somebody left; what was just begun is the newest conversation."""
    command = RESUME.format(id=conversation_id) if conversation_id else NEWEST
    return f"{command} --local {talking.local}" if talking.local else command


def recap(talking: Talking, conversation_id: str) -> None:
    """Where a conversation stands, for somebody who comes back; waits again where something waits."""
    page = talking.service.conversation(conversation_id, limit=3)
    for turn in page["turns"]:
        if turn.get("message"):
            talking.screen.say(f"You: {turn['message']}", "bold")
        talking.show(turn)
    newest = page["turns"][-1] if page["turns"] else None
    if newest is not None and newest["status"] == "awaiting_approval":
        try:
            talking.settle(dict(newest), wait=True)
        except KeyboardInterrupt:
            words = f"It goes on without you. {how_to_resume(talking, conversation_id)}"
            talking.screen.say(words, "dim")


def _greet(talking: Talking, agent: Mapping[str, Any]) -> None:
    screen = talking.screen
    shadow = shadow_words(talking.service.health())
    if shadow:
        screen.say(shadow, "warning")
    screen.say(f"{agent['title']}: {agent.get('description', '')}".rstrip(": "), "bold")
    for words in agent.get("intro", ())[:1]:
        screen.say(str(words))
    if agent.get("samples"):
        screen.say(f"For example: {agent['samples'][0]}", "dim")
    screen.say(HELP, "dim")
