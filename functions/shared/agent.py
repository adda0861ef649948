"""Agents as the Lambdas read them: compiled and checked when the product is built, plain JSON here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from functions.shared.errors import NotFound

DEFAULT = "ec2"
ROOT = Path(__file__).parents[2]


class UnknownAgent(NotFound):
    code = "unknown_agent"

    def __init__(self, agent_id: str) -> None:
        super().__init__(f"There is no agent {agent_id!r} here.")


@dataclass(frozen=True, slots=True)
class Action:
    """What is done when a function is called."""

    kind: str
    operation: str


@dataclass(frozen=True, slots=True)
class Agent:
    """What one manifest describes; `functions` are JSON values exactly as the model is offered them."""

    id: str
    title: str
    description: str
    prompt: str
    functions: Mapping[str, Mapping[str, Any]]
    actions: Mapping[str, Action]
    tool_choice: Any
    samples: tuple[str, ...]
    digest: str

    @classmethod
    def of(cls, agent_id: str, compiled: Mapping[str, Any]) -> Self:
        return cls(
            id=agent_id,
            title=compiled["title"],
            description=compiled.get("description", ""),
            prompt=compiled["prompt"],
            functions={function["name"]: function for function in compiled.get("functions", [])},
            actions={
                name: Action(action["kind"], action.get("operation", ""))
                for name, action in compiled.get("actions", {}).items()
            },
            tool_choice=compiled.get("tool_choice"),
            samples=tuple(compiled.get("samples", ())),
            digest=compiled["digest"],
        )

    def tools(self) -> list[dict[str, Any]]:
        """The `tools` of a Chat Completions request, schemas as written."""
        return [
            {"type": "function", "function": dict(function)} for function in self.functions.values()
        ]


class Agents:
    """Every deployed agent, parsed once."""

    def __init__(self, file: str) -> None:
        compiled = json.loads((ROOT / file).read_text(encoding="utf-8"))
        self._agents = {agent_id: Agent.of(agent_id, value) for agent_id, value in compiled.items()}

    def get(self, agent_id: str) -> Agent:
        """One agent; raises `UnknownAgent`."""
        agent = self._agents.get(agent_id)
        if agent is None:
            raise UnknownAgent(agent_id[:64])
        return agent

    def all(self) -> list[Agent]:
        return list(self._agents.values())
