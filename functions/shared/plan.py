"""The plan: what will really run, as shown to the approver; its digest binds vote to execution.

A request begins as a draft: calls with what AWS will be sent. The checks add facts and prices, and the draft becomes
the plan that people see. Strings and whole numbers only; money is a decimal string.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import rfc8785

from functions.shared.strict_json import unique, whole

VERSION = 2
LIVE = "live"
DRY_RUN = "dry_run"
"""Shadow mode: what is approved is rehearsed with AWS, and nothing is started."""


class UnreadablePlan(Exception):
    """A stored plan that is not strict JSON, or of a version that this release does not know."""


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One gated call: the model's request, checked, by its call id; `parameters` is what AWS will be sent."""

    id: str
    function: str
    operation: str
    arguments: Mapping[str, Any]
    parameters: Mapping[str, Any]
    origins: Mapping[str, str] = field(default_factory=dict)
    """Who said each argument: `requester`, `result` (of a function), `model` or `operator`."""
    after: Sequence[str] = ()
    """Functions whose text from outside the model had read before it asked."""


def draft_of(
    *,
    calls: Iterable[PlannedCall],
    account: str,
    region: str,
    target: str,
    requester: str,
    conversation_id: str,
    turn: int,
    agent: str,
    manifest: str,
    random: str,
    approvers: Sequence[str] = (),
    launch: str = LIVE,
) -> dict[str, Any]:
    """The request as a JSON value; `random` makes the digest a nonce that only who saw the plan can know.

    `approvers` are groups: only approvers who are in one of them may countersign it. `launch` is `live` or `dry_run`.
    What is empty is left out, and so is `live`.
    """
    return {
        "version": VERSION,
        "account": account,
        "region": region,
        "target": target,
        "requester": requester,
        "conversation": conversation_id,
        "turn": turn,
        "agent": agent,
        "manifest": manifest,
        "calls": [
            {
                "id": call.id,
                "function": call.function,
                "operation": call.operation,
                "arguments": dict(call.arguments),
                "parameters": dict(call.parameters),
                **({"origins": dict(call.origins)} if call.origins else {}),
                **({"after": list(call.after)} if call.after else {}),
            }
            for call in calls
        ],
        **({"approvers": list(approvers)} if approvers else {}),
        **({"launch": launch} if launch != LIVE else {}),
        "random": random,
    }


def plan_of(
    draft: Mapping[str, Any],
    *,
    account_alias: str,
    facts: Mapping[str, list[dict[str, str]]],
    prices: Mapping[str, Mapping[str, Any] | None],
    lease_hours: int | None,
) -> dict[str, Any]:
    """The draft with what was found out about each call (by call id), as approvers will see it."""
    calls = [
        {**call, "facts": facts.get(call["id"], []), "price": prices.get(call["id"])}
        for call in draft["calls"]
    ]
    return {
        **draft,
        "account_alias": account_alias,
        "calls": calls,
        "lease": {"hours": lease_hours} if lease_hours is not None else None,
        "price": total_price([call["price"] for call in calls]),
    }


def launch_of(plan: Mapping[str, Any]) -> str:
    """How what is approved was to be carried out: `live`, or `dry_run` in shadow mode."""
    return str(plan.get("launch", LIVE))


def total_price(prices: Sequence[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    """The sum of the calls' prices; None where one of them is not known."""
    known = [price for price in prices if price is not None]
    if not known or len(known) < len(prices):
        return None
    leases = [price.get("lease") for price in known]
    return {
        "currency": known[0]["currency"],
        "hourly": _sum(price["hourly"] for price in known),
        "monthly": _sum(price["monthly"] for price in known),
        "lease": _sum(lease for lease in leases if lease) if all(leases) else None,
        "source": "table" if any(price["source"] == "table" for price in known) else "list",
        "as_of": min(price["as_of"] for price in known),
    }


def canonical(value: Any) -> str:
    """RFC 8785 (JSON Canonicalization Scheme)."""
    return rfc8785.dumps(value).decode("utf-8")


def digest_of(canonical_plan: str) -> str:
    """SHA-256 of a canonical plan, 64 hex digits."""
    return hashlib.sha256(canonical_plan.encode("utf-8")).hexdigest()


def read_plan(text: str) -> dict[str, Any]:
    """A stored plan, read strictly; raises `UnreadablePlan`.

    No duplicate keys, no NaN, no fractions, no number that readers round differently, and no version but ours.
    """
    try:
        value = json.loads(
            text,
            object_pairs_hook=unique,
            parse_constant=_refused,
            parse_float=_refused,
            parse_int=whole,
        )
    except (ValueError, RecursionError) as error:
        raise UnreadablePlan(f"The plan is not strict JSON: {type(error).__name__}.") from error
    if not isinstance(value, dict) or not _is_known(value.get("version")):
        raise UnreadablePlan("The plan is of a version that this release does not know.")
    return value


def _sum(texts: Iterable[str]) -> str:
    return str(sum((Decimal(text) for text in texts), Decimal(0)))


def _is_known(version: object) -> bool:
    return type(version) is int and version in (1, VERSION)


def _refused(text: str) -> Any:
    raise ValueError(f"{text} is not a whole number")
