"""The argument `target`: with several targets the model says where a call to AWS runs; with one nobody is asked.

What a requester never has to say is not in the manifests: the argument is added to the functions as they are offered.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from functions.shared.agent import Action, Agent
from functions.shared.automation import KIND as RUNBOOK
from functions.shared.targets import Target, Targets

NAME = "target"
OTHER_TARGET = (
    "The calls of one request run in one target, and this one names {second} beside {first}: ask for it separately, "
    "after this request."
)


def aimed(agent: Agent, targets: Targets) -> Agent:
    """The agent as it is offered: unchanged where there is one target."""
    if targets.only is not None:
        return agent
    functions = {
        name: _with_target(function, targets)
        if _names_its_target(agent.actions.get(name))
        else function
        for name, function in agent.functions.items()
    }
    return replace(agent, functions=functions, targets=targets)


def without_target(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What the operation itself takes."""
    return {name: value for name, value in arguments.items() if name != NAME}


def target_of(
    agent: Agent, action: Action | None, arguments: Mapping[str, Any] | None
) -> Target | None:
    """Where a call to AWS runs; None for any other call, and where there is one target.

    A runbook runs in the account of the role that its manifest pins.
    """
    if agent.targets is None or action is None:
        return None
    if action.kind == RUNBOOK:
        return agent.targets.in_account(str(action.values["role"]).split(":")[4])
    if _names_its_target(action) and arguments is not None:
        return agent.targets.named(arguments.get(NAME))
    return None


def _names_its_target(action: Action | None) -> bool:
    return action is not None and action.kind == "aws"


def _with_target(function: Mapping[str, Any], targets: Targets) -> dict[str, Any]:
    schema = dict(function.get("parameters") or {"type": "object"})
    where = "; ".join(f"{one.name}: account {one.account}, {one.region}" for one in targets)
    argument = {
        "type": "string",
        "enum": list(targets.names),
        "description": f"Where it runs. Ask the person which one is meant. {where}.",
    }
    return {
        **function,
        "parameters": {
            **schema,
            "properties": {**schema.get("properties", {}), NAME: argument},
            "required": [*schema.get("required", ()), NAME],
        },
    }
