"""What the model is sent: the newest turns that fit a window, each tool call answered exactly once."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from functions.shared.turn import ANSWERED, Turn, TurnStatus

WINDOW_CHARACTERS = 160_000
RESULT_BYTES = 16 * 1024
WAITING = json.dumps(
    {
        "status": "waiting_for_approval",
        "note": "Another person has to countersign this call. It has not run. Do not call it again.",
    }
)
WAITING_FOR_CLIENT = json.dumps(
    {
        "status": "waiting_for_client",
        "note": "The person's own program has this call and has not answered yet. Do not call it again.",
    }
)
Step = Mapping[str, Any]
Worded = Callable[[str], str]


def messages_of(
    *,
    prompt: str,
    turns: Sequence[Turn],
    message: str | None,
    window: int = WINDOW_CHARACTERS,
    worded: Worded = str,
) -> list[Step]:
    """System prompt, the newest whole turns within `window` characters, then the new message if there is one.

    A turn is taken whole or not at all, so a call is never split from its result; nothing is taken from before the
    agent was handed the conversation. `worded` puts a person's message as the agent's manifest wants it.
    """
    taken: list[list[Step]] = []
    size = len(message or "")
    for turn in reversed(turns):
        if turn.status in (TurnStatus.FAILED, TurnStatus.WORKING):
            continue
        rendered = list(turn_messages(turn, worded))
        size += sum(_size(one) for one in rendered)
        if size > window and taken:
            break
        taken.append(rendered)
        if switch_in(turn.steps)[0] is not None:
            break
    history: list[Step] = [{"role": "system", "content": prompt}] if prompt else []
    for rendered in reversed(taken):
        history += rendered
    if message is not None:
        history.append({"role": "user", "content": worded(message)})
    return history


def switch_in(steps: Sequence[Step]) -> tuple[Step | None, Sequence[Step]]:
    """The last hand-over to another agent, if there was one, and the steps since."""
    for index in range(len(steps) - 1, -1, -1):
        if steps[index]["role"] == "switch":
            return steps[index], steps[index + 1 :]
    return None, steps


def turn_messages(turn: Turn, worded: Worded = str) -> Iterator[Step]:
    """One turn on the wire; a gated call without an outcome is rendered as waiting."""
    switch, steps = switch_in(turn.steps)
    if switch is not None and not switch.get("message") and not switch.get("initiate"):
        return
    said = turn.message if switch is None else switch.get("message")
    if said:
        yield {"role": "user", "content": worded(said)}
    yield from step_messages(turn, steps)
    if turn.status is TurnStatus.COMPLETED:
        yield {"role": "assistant", "content": turn.reply}
    elif turn.last_word:
        yield {"role": "assistant", "content": turn.last_word}


def step_messages(turn: Turn, steps: Sequence[Step]) -> Iterator[Step]:
    """The calls of these steps, each followed by its results in the order of the calls."""
    answered = turn.answered_calls()
    for step in steps:
        if step["role"] == "tool":
            continue
        yield step
        for call in step.get("tool_calls", ()):
            call_id = call["id"]
            if call_id in answered:
                content = answered[call_id]["content"]
            elif call_id in turn.outcomes:
                outcome = turn.outcomes[call_id]
                content = (
                    outcome.text
                    if outcome.status == ANSWERED
                    else json.dumps(
                        {"status": outcome.status, "result": outcome.text}, ensure_ascii=False
                    )
                )
            else:
                content = WAITING_FOR_CLIENT if turn.is_for_client(call) else WAITING
            yield {"role": "tool", "tool_call_id": call_id, "content": content}


def result_text(text: str) -> str:
    """A result as it goes into the history: at most 16 KB."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= RESULT_BYTES:
        return raw.decode("utf-8")
    return raw[: RESULT_BYTES - 64].decode("utf-8", "ignore") + "\n[cut: the result was longer]"


def _size(message: Step) -> int:
    return len(message.get("content") or "") + sum(
        len(call["function"]["arguments"]) for call in message.get("tool_calls", ())
    )
