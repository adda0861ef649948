"""What the synthesized template and the state machine say that costs money, counted."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.cost.prices import HOURS_A_MONTH
from infra.agents import compile_agents
from infra.page import ROOT, Page
from infra.template import template_of
from infra.workflow import DEFINITION

STACK = "Production"
PER_HOUR = {"minute": 60.0, "hour": 1.0, "day": 1 / 24}
PAGE: Mapping[str, Any] = {
    "stack": STACK,
    "stage": "prod",
    "launch": "live",
    "region": "us-east-1",
    "account": "123456789012",
    "model": {"name": "a-model"},
    "alarm_email": "operator@example.com",
    "mail": {"recipients": ["bob@example.com", "carol@example.com"]},
}


@dataclass(frozen=True, slots=True)
class Function:
    word: str
    memory: int
    architecture: str
    is_traced: bool


@dataclass(frozen=True)
class Stack:
    """A production stack with mails by SNS and an address for alarms."""

    kinds: Counter[str]
    functions: Mapping[str, Function]
    rotating_keys: int
    schedules: tuple[float, ...]
    """How often a month each schedule fires; the most frequent is the sweep's."""

    def count(self, kind: str) -> int:
        return self.kinds[f"AWS::{kind}"]


def synthesize(directory: Path) -> Stack:
    """The stack of `PAGE`, without zips."""
    page = Page.model_validate(PAGE)
    return stack_of(template_of(page, compile_agents(ROOT / "agents"), directory))


def stack_of(template: Mapping[str, Any]) -> Stack:
    resources = list(template["Resources"].values())
    keys = _properties(resources, "KMS::Key")
    return Stack(
        kinds=Counter(one["Type"] for one in resources),
        functions={
            function.word: function
            for one in _properties(resources, "Lambda::Function")
            if (function := _function(one)).word
        },
        rotating_keys=sum(bool(key.get("EnableKeyRotation")) for key in keys),
        schedules=tuple(
            sorted(
                _times_a_month(rule["ScheduleExpression"])
                for rule in _properties(resources, "Events::Rule")
                if "ScheduleExpression" in rule
            )
        ),
    )


def _times_a_month(expression: str) -> float:
    """Of `rate(5 minutes)`; another form is refused."""
    number, unit = expression.removeprefix("rate(").removesuffix(")").split()
    return HOURS_A_MONTH * PER_HOUR[unit.removesuffix("s")] / int(number)


def _properties(resources: list[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    return [one.get("Properties", {}) for one in resources if one["Type"] == f"AWS::{kind}"]


def _function(properties: Mapping[str, Any]) -> Function:
    return Function(
        word=str(properties.get("FunctionName", "")).removeprefix(f"{STACK}-"),
        memory=properties["MemorySize"],
        architecture=properties["Architectures"][0],
        is_traced=properties.get("TracingConfig", {}).get("Mode") == "Active",
    )


def transitions(definition: Mapping[str, Any] | None = None) -> list[str]:
    """The states of one approved launch, in order: each is a transition that is paid."""
    machine = definition or json.loads(
        DEFINITION.read_text(encoding="utf-8").replace("${ApprovalWaitSeconds}", "60")
    )
    return list(_states(machine))


def _states(machine: Mapping[str, Any]) -> list[str]:
    """Errors are not taken, a choice takes its first way, a map has one item."""
    entered: list[str] = []
    name = machine["StartAt"]
    while name:
        state = machine["States"][name]
        entered.append(name)
        for branch in [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]:
            entered += _states(branch)
        name = state.get("Next") or next((one["Next"] for one in state.get("Choices", [])), "")
    return entered
