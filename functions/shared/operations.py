"""The operations that a person countersigns, one module and one line each; and the names of those that only read."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from functions.shared import (
    automation,
    countersigned_action,
    countersigned_notebook,
    extend_lease,
    practice,
    run_instances,
)
from functions.shared.countersigned_code import NOTEBOOK
from functions.shared.end_instances import STOP, TERMINATE


class Operation(Protocol):
    """What chat and the approver's page need of an operation's module."""

    def check(self, arguments: Mapping[str, Any]) -> object:
        """The arguments as a type; raises `BadArguments`."""

    def planned(self, arguments: Mapping[str, Any], fixed: Mapping[str, Any]) -> dict[str, Any]:
        """What AWS will be sent, with what the operator fixed."""

    def confirmation(self, call: Mapping[str, Any]) -> str:
        """The program's own words for what was asked, of a planned call."""

    def summary(self, call: Mapping[str, Any]) -> str:
        """One line."""

    def facts(self, call: Mapping[str, Any]) -> list[dict[str, str]]:
        """Rows of the approver's table."""


OPERATIONS: dict[str, Operation] = {
    "run_instances": run_instances,
    "extend_lease": extend_lease,
    "stop_instances": STOP,
    "terminate_instances": TERMINATE,
    automation.KIND: automation,
    **dict.fromkeys(countersigned_action.KINDS, countersigned_action),
    NOTEBOOK: countersigned_notebook,
    practice.OPERATION: practice,
}
"""Those of the kind `aws` by their names; every other kind that can be countersigned by its own."""

FOR_NO_MODEL: frozenset[str] = frozenset({practice.OPERATION})
"""Operations that no manifest may name."""

READS: frozenset[str] = frozenset({"list_images", "list_key_pairs", "list_instance_types"})
"""Operations of the kind `aws` that change nothing: nobody countersigns them, and functions/catalogue answers them."""


def confirmation_of(calls: Iterable[Mapping[str, Any]]) -> str:
    """The confirmation of every planned call, one after the other."""
    return "\n".join(OPERATIONS[call["operation"]].confirmation(call) for call in calls)


def summary_of(calls: Iterable[Mapping[str, Any]]) -> str:
    """One line for all calls of a plan."""
    return "; ".join(OPERATIONS[call["operation"]].summary(call) for call in calls)
