"""Where a gated call came from: who said its arguments, and what text from outside the model had read before."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from functions.chat.origins import origins_of
from functions.chat.tool_calls import CheckedCall
from functions.shared.agent import Agent, UnknownAgent
from functions.shared.kinds import KINDS
from functions.shared.turn import ANSWERED, Turn

OUTSIDE = (ANSWERED, "succeeded", "failed")
"""The statuses of outcomes whose text may come from where the call went."""


def with_origins(
    calls: Sequence[CheckedCall],
    turns: Sequence[Turn],
    message: str,
    steps: Sequence[Mapping[str, Any]],
    *,
    agents: Callable[[str], Agent],
) -> tuple[CheckedCall, ...]:
    """The calls with their origins, looked for in what the conversation holds; `steps` are those of this turn.

    `agents` gives the agents of earlier turns; raises `UnknownAgent`.
    """
    said = [*(turn.message for turn in turns if turn.message), message]
    results: list[str] = []
    outside: list[str] = []
    for text, function, is_outside in _results(turns, steps, agents):
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
    turns: Sequence[Turn],
    steps: Sequence[Mapping[str, Any]],
    agents: Callable[[str], Agent],
) -> Iterator[tuple[str, str, bool]]:
    """Every result with its function's name, and whether somebody outside wrote it."""
    names: dict[str, str] = {}
    for turn in turns:
        names = {call["id"]: call["function"]["name"] for call in turn.tool_calls()}
        for step in turn.steps:
            if step["role"] == "tool":
                yield step["content"], names.get(step["tool_call_id"], ""), _is_outside(step)
        for call_id, outcome in turn.outcomes.items():
            name = names.get(call_id, "")
            may_be = outcome.status in OUTSIDE
            yield outcome.text, name, may_be and not _is_told_by_us(name, turn.agent, agents)
    names = {
        call["id"]: call["function"]["name"] for one in steps for call in one.get("tool_calls", ())
    }
    for step in steps:
        if step["role"] == "tool":
            yield step["content"], names.get(step["tool_call_id"], ""), _is_outside(step)


def _is_told_by_us(function: str, agent_id: str, agents: Callable[[str], Agent]) -> bool:
    """Whether a countersigned call's outcome is in our own words; where that cannot be known it is not."""
    try:
        action = agents(agent_id).action_of(function)
    except UnknownAgent:
        return False
    return action is not None and not KINDS[action.kind].brings_outside_text


def _is_outside(step: Mapping[str, Any]) -> bool:
    return bool(step.get("outside"))
