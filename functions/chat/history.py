"""What the model is sent: the newest turns that fit a window, each tool call answered exactly once."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from functions.shared.turn import Turn, TurnStatus

WINDOW_CHARACTERS = 160_000
RESULT_BYTES = 16 * 1024
WAITING = json.dumps(
    {
        "status": "waiting_for_approval",
        "note": "Another person has to countersign this call. It has not run. Do not call it again.",
    }
)


def messages_of(
    *, prompt: str, turns: Sequence[Turn], message: str | None, window: int = WINDOW_CHARACTERS
) -> list[Mapping[str, Any]]:
    """System prompt, the newest whole turns within `window` characters, then the new message if there is one.

    A turn is taken whole or not at all, so a call is never split from its result.
    """
    taken: list[list[Mapping[str, Any]]] = []
    size = len(message or "")
    for turn in reversed(turns):
        if turn.status in (TurnStatus.FAILED, TurnStatus.WORKING):
            continue
        rendered = list(turn_messages(turn))
        size += sum(_size(one) for one in rendered)
        if size > window and taken:
            break
        taken.append(rendered)
    history: list[Mapping[str, Any]] = [{"role": "system", "content": prompt}]
    for rendered in reversed(taken):
        history += rendered
    if message is not None:
        history.append({"role": "user", "content": message})
    return history


def turn_messages(turn: Turn) -> Iterator[Mapping[str, Any]]:
    """One turn on the wire; a gated call without an outcome is rendered as waiting."""
    yield {"role": "user", "content": turn.message}
    yield from step_messages(turn)
    if turn.status is TurnStatus.COMPLETED:
        yield {"role": "assistant", "content": turn.reply}
    elif turn.last_word:
        yield {"role": "assistant", "content": turn.last_word}


def step_messages(turn: Turn) -> Iterator[Mapping[str, Any]]:
    """The turn's calls, each followed by its results in the order of the calls."""
    answered = turn.answered_calls()
    for step in turn.steps:
        if step["role"] == "tool":
            continue
        yield step
        for call in step.get("tool_calls", ()):
            call_id = call["id"]
            if call_id in answered:
                content = answered[call_id]["content"]
            elif call_id in turn.outcomes:
                outcome = turn.outcomes[call_id]
                content = json.dumps(
                    {"status": outcome.status, "result": outcome.text}, ensure_ascii=False
                )
            else:
                content = WAITING
            yield {"role": "tool", "tool_call_id": call_id, "content": content}


def result_text(text: str) -> str:
    """A result as it goes into the history: at most 16 KB."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= RESULT_BYTES:
        return text
    return raw[: RESULT_BYTES - 64].decode("utf-8", "ignore") + "\n[cut: the result was longer]"


def _size(message: Mapping[str, Any]) -> int:
    return len(message.get("content") or "") + sum(
        len(call["function"]["arguments"]) for call in message.get("tool_calls", ())
    )
