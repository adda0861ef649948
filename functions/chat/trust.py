"""Where a gated call came from: who said its arguments, and what text from outside the model had read before."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from functions.chat.origins import origins_of
from functions.chat.tool_calls import CheckedCall
from functions.shared.turn import ANSWERED, Turn


def with_origins(
    calls: Sequence[CheckedCall],
    turns: Sequence[Turn],
    message: str,
    steps: Sequence[Mapping[str, Any]],
) -> tuple[CheckedCall, ...]:
    """The calls with their origins, looked for in what the conversation holds; `steps` are those of this turn."""
    said = [*(turn.message for turn in turns if turn.message), message]
    results: list[str] = []
    outside: list[str] = []
    for text, function, is_outside in _results(turns, steps):
        results.append(text)
        if is_outside and function not in outside:
            outside.append(function)
    return tuple(
        replace(
            call,
            origins=origins_of(call.arguments or {}, said=said, results=results),
            after=tuple(outside),
        )
        for call in calls
    )


def _results(
    turns: Sequence[Turn], steps: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, str, bool]]:
    """Every result with its function's name, and whether somebody outside wrote it."""
    names: dict[str, str] = {}
    for turn in turns:
        names = {call["id"]: call["function"]["name"] for call in turn.tool_calls()}
        for step in turn.steps:
            if step["role"] == "tool":
                yield step["content"], names.get(step["tool_call_id"], ""), _is_outside(step)
        for call_id, outcome in turn.outcomes.items():
            yield outcome.text, names.get(call_id, ""), outcome.status == ANSWERED
    names = {
        call["id"]: call["function"]["name"] for one in steps for call in one.get("tool_calls", ())
    }
    for step in steps:
        if step["role"] == "tool":
            yield step["content"], names.get(step["tool_call_id"], ""), _is_outside(step)


def _is_outside(step: Mapping[str, Any]) -> bool:
    return bool(step.get("outside"))
