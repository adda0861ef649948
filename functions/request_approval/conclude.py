"""What the checks found becomes the plan that people see, or the reason why nobody is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.shared.approval import Status
from functions.shared.operations import OPERATIONS
from functions.shared.plan import plan_of

LEASED = frozenset({"run_instances"})
"""Operations whose result lives on and costs: they get a lease."""
OPERATOR_FACTS = (
    ("SubnetId", "fixed_subnet", "Subnet"),
    ("SecurityGroupIds", "fixed_security_groups", "Security groups"),
)
NOT_CHECKED = "AWS could not be asked about it in time; ask again in a moment."


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody is asked: how the approval ends, and why, for model and person."""

    status: Status
    why: str


def concluded(
    draft: Mapping[str, Any],
    *,
    preflight: Mapping[str, Any] | None,
    rehearsal: Mapping[str, Any] | None,
    lease_hours: int,
) -> dict[str, Any] | Refused:
    """The plan, if preflight has no complaint and AWS would take every call; a check that did not end refuses."""
    if preflight is None or rehearsal is None:
        return Refused(Status.FAILED, NOT_CHECKED)
    complaints = [why for call in draft["calls"] for why in _complaints(call, preflight, rehearsal)]
    if complaints:
        return Refused(Status.DENIED, " ".join(dict.fromkeys(complaints)))
    is_leased = any(call["operation"] in LEASED for call in draft["calls"])
    return plan_of(
        draft,
        account_alias=str(preflight.get("account_alias", "")),
        facts={call["id"]: _facts(call, preflight) for call in draft["calls"]},
        prices={call["id"]: _found(call, preflight).get("price") for call in draft["calls"]},
        lease_hours=lease_hours if is_leased else None,
    )


def _complaints(
    call: Mapping[str, Any], preflight: Mapping[str, Any], rehearsal: Mapping[str, Any]
) -> list[str]:
    found = [str(complaint["text"]) for complaint in _found(call, preflight).get("complaints", ())]
    rehearsed = rehearsal["calls"].get(call["id"])
    if rehearsed is None or call["id"] not in preflight["calls"]:
        return [*found, NOT_CHECKED]
    if rehearsed["passed"] is True or found:
        return found
    return [str(rehearsed["text"])]


def _facts(call: Mapping[str, Any], preflight: Mapping[str, Any]) -> list[dict[str, str]]:
    parameters = call.get("parameters", {})
    fixed = [
        {
            "key": key,
            "label": label,
            "value": value if isinstance(value, str) else ", ".join(value),
            "source": "operator",
            "level": "plain",
        }
        for name, key, label in OPERATOR_FACTS
        if (value := parameters.get(name))
    ]
    said = OPERATIONS[call["operation"]].facts(call)
    return [*said, *fixed, *_found(call, preflight).get("facts", ())]


def _found(call: Mapping[str, Any], preflight: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = preflight["calls"].get(call["id"], {})
    return found
