"""The calls of one answer that nobody has to countersign: side by side, and those that ask for it in order."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from functions.run_action.carry_out import Result, carry_out
from functions.run_action.deadline import Deadline
from functions.run_action.failure import failure_text
from functions.run_action.fetch import Fetch
from functions.run_action.secrets import Secrets
from functions.shared.agent import Agent, Agents, UnknownAgent
from functions.shared.kinds import KINDS, Place

CHANGED = "The agent's manifest has changed since this conversation was answered; ask again."
NOT_HERE = "The function {name!r} is not one that can be run here."
GATED = "The function {name!r} runs only after a person has countersigned it."


@dataclass(frozen=True, slots=True)
class Call:
    """What chat hands over, checked against the function's schema there."""

    id: str
    function: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Running:
    agents: Agents
    fetch: Fetch
    secrets: Secrets


def run_calls(
    deps: Running, agent_id: str, manifest: str, calls: Sequence[Call], deadline: Deadline
) -> list[Result]:
    """The results in the order of the calls; one that fails does not hide its siblings'."""
    try:
        agent = deps.agents.get(agent_id)
    except UnknownAgent as error:
        return [_refused("unknown_agent", str(error))] * len(calls)
    if agent.digest != manifest:
        return [_refused("manifest_changed", CHANGED)] * len(calls)
    lanes: list[list[int]] = []
    ordered: list[int] = []
    for index, call in enumerate(calls):
        action = agent.action_of(call.function)
        if action is not None and action.in_order:
            ordered.append(index)
        else:
            lanes.append([index])
    lanes += [ordered] if ordered else []
    results: dict[int, Result] = {}

    def run(lane: list[int]) -> None:
        for index in lane:
            results[index] = _run(deps, agent, calls[index], deadline)

    with ThreadPoolExecutor(max_workers=max(len(lanes), 1)) as threads:
        list(threads.map(run, lanes))
    return [results[index] for index in range(len(calls))]


def _run(deps: Running, agent: Agent, call: Call, deadline: Deadline) -> Result:
    action = agent.action_of(call.function)
    if action is None or KINDS[action.kind].place is not Place.RUN_ACTION:
        return _refused("not_here", NOT_HERE.format(name=call.function))
    if action.is_gated:
        return _refused("needs_approval", GATED.format(name=call.function))
    return carry_out(
        action, call.arguments, fetch=deps.fetch, secrets=deps.secrets, deadline=deadline
    )


def _refused(code: str, sentence: str) -> Result:
    return Result("failed", failure_text(code, sentence))
