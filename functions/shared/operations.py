"""The operations of the kind `aws`: a visible table, one module and one line each."""

from types import ModuleType
from typing import Any

from functions.shared import run_instances

OPERATIONS: dict[str, ModuleType] = {
    "run_instances": run_instances,
}


def confirmation_of(calls: list[dict[str, Any]]) -> str:
    """The confirmation of every call, one after the other."""
    return "\n".join(OPERATIONS[call["operation"]].confirmation(call["arguments"]) for call in calls)


def summary_of(calls: list[dict[str, Any]]) -> str:
    """One line for all calls of a plan."""
    return "; ".join(OPERATIONS[call["operation"]].summary(call["arguments"]) for call in calls)
