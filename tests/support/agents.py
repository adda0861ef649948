"""The shipped agents as the Lambdas read them."""

from dataclasses import replace
from functools import cache
from typing import Any

from functions.shared.agent import Action, Agent
from infra.agents import compile_agents
from infra.page import ROOT


@cache
def ec2_agent() -> Agent:
    return Agent.of("ec2", compile_agents(ROOT / "agents")["ec2"])


def agent_with(parameters: dict[str, Any], *, name: str = "measure") -> Agent:
    """An agent of one function with this schema; the operation `anything` takes whatever fits it."""
    function = {"name": name, "description": "For tests.", "parameters": parameters}
    return replace(
        ec2_agent(), functions={name: function}, actions={name: Action("aws", "anything", "always")}
    )


class Anything:
    """An operation without opinions."""

    def check(self, arguments: object) -> object:
        return arguments

    def confirmation(self, call: dict[str, Any]) -> str:
        return str(call["arguments"])

    def summary(self, call: dict[str, Any]) -> str:
        return str(call["arguments"])

    def facts(self, call: dict[str, Any]) -> list[dict[str, str]]:
        return []


def agent_of(agent_id: str = "helper", *, actions: dict[str, Any], **more: Any) -> Agent:
    """A compiled agent whose functions take any text arguments `a` and `b`."""
    return Agent.of(agent_id, compiled_agent(agent_id, actions=actions, **more))


def compiled_agent(agent_id: str, *, actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What the Lambdas are given of such an agent."""
    parameters = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
    }
    functions = [
        {"name": name, "description": f"Does {name}.", "parameters": parameters} for name in actions
    ]
    compiled = {
        "version": 2,
        "title": agent_id.title(),
        "prompt": "Help.",
        "functions": functions,
        "actions": actions,
        "digest": agent_id.ljust(64, "0"),
    }
    return {**compiled, **more}
