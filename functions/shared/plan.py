"""The plan: what will really run, as shown to the approver; its digest binds vote to execution."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import rfc8785

VERSION = 1


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One gated call: the model's request, checked, by its call id."""

    id: str
    function: str
    operation: str
    arguments: dict[str, Any]


def plan_of(
    *,
    calls: Iterable[PlannedCall],
    account: str,
    region: str,
    target: str,
    requester: str,
    conversation_id: str,
    turn: int,
    agent: str,
    random: str,
) -> dict[str, Any]:
    """The plan as a JSON value; `random` makes the digest a nonce that only who saw the plan can know."""
    return {
        "version": VERSION,
        "account": account,
        "region": region,
        "target": target,
        "requester": requester,
        "conversation": conversation_id,
        "turn": turn,
        "agent": agent,
        "calls": [
            {
                "id": call.id,
                "function": call.function,
                "operation": call.operation,
                "arguments": call.arguments,
            }
            for call in calls
        ],
        "random": random,
    }


def canonical(value: Any) -> str:
    """RFC 8785 (JSON Canonicalization Scheme)."""
    return rfc8785.dumps(value).decode("utf-8")


def digest_of(canonical_plan: str) -> str:
    """SHA-256 of a canonical plan, 64 hex digits."""
    return hashlib.sha256(canonical_plan.encode("utf-8")).hexdigest()
