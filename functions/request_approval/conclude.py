"""What the checks found becomes the plan that people see, or the reason why nobody is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.shared import fixed_parameters
from functions.shared.approval import Status
from functions.shared.operations import OPERATIONS
from functions.shared.plan import plan_of
from functions.shared.plan_words import has_chosen_target

LEASED = frozenset({"run_instances"})
"""Operations whose result lives on and costs: they get a lease."""
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
    draft = {**draft, "calls": [_with_disks(call, preflight) for call in draft["calls"]]}
    if any(fixed_parameters.awaits_disks(call.get("parameters") or {}) for call in draft["calls"]):
        return Refused(Status.FAILED, NOT_CHECKED)
    is_leased = any(call["operation"] in LEASED for call in draft["calls"])
    return plan_of(
        draft,
        account_alias=str(preflight.get("account_alias", "")),
        facts={call["id"]: _facts(call, draft, preflight) for call in draft["calls"]},
        prices={call["id"]: _found(call, preflight).get("price") for call in draft["calls"]},
        lease_hours=lease_hours if is_leased else None,
    )


def _with_disks(call: Mapping[str, Any], preflight: Mapping[str, Any]) -> Mapping[str, Any]:
    """The call with the disks that are to be encrypted, as preflight saw them in the image."""
    parameters = call.get("parameters") or {}
    disks = _found(call, preflight).get("disks")
    if not disks or not fixed_parameters.awaits_disks(parameters):
        return call
    return {**call, "parameters": {**parameters, fixed_parameters.DISKS: disks}}


def _complaints(
    call: Mapping[str, Any], preflight: Mapping[str, Any], rehearsal: Mapping[str, Any]
) -> list[str]:
    """Why this call is refused; without what the operator fixed, for the model reads it."""
    said = _said_against(call, preflight, rehearsal)
    return [fixed_parameters.hidden(why, call.get("parameters") or {}) for why in said]


def _said_against(
    call: Mapping[str, Any], preflight: Mapping[str, Any], rehearsal: Mapping[str, Any]
) -> list[str]:
    found = [str(complaint["text"]) for complaint in _found(call, preflight).get("complaints", ())]
    rehearsed = rehearsal["calls"].get(call["id"])
    if rehearsed is None or call["id"] not in preflight["calls"]:
        return [*found, NOT_CHECKED]
    if rehearsed["passed"] is True or found:
        return found
    return [str(rehearsed["text"])]


def _facts(
    call: Mapping[str, Any], draft: Mapping[str, Any], preflight: Mapping[str, Any]
) -> list[dict[str, str]]:
    fixed = fixed_parameters.facts(call.get("parameters", {}))
    said = OPERATIONS[call["operation"]].facts(call)
    target = {"key": "target", "label": "Target", "value": str(draft["target"])}
    where = [{**target, "source": "model", "level": "plain"}] if has_chosen_target(call) else []
    return [*where, *said, *fixed, *_found(call, preflight).get("facts", ())]


def _found(call: Mapping[str, Any], preflight: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = preflight["calls"].get(call["id"], {})
    return found
