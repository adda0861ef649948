"""An approval as its item in the table, and back.

`v` is the record's major version: a record of a newer one is refused, unknown attributes are left as they are.
"""

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from functions.shared.approval import (
    Approval,
    Decision,
    Outcome,
    Person,
    Seal,
    Status,
    Verdict,
)
from functions.shared.errors import Unavailable

VERSION = 2

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


class NewerRecord(Unavailable):
    """A newer release wrote this record; an older one does not guess what it means."""

    code = "newer_record"

    def __init__(self) -> None:
        super().__init__(
            "This was written by a newer release of Countersign; try again in a while.",
            headers={"Retry-After": "60"},
        )


def attributes(values: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values as DynamoDB's typed attributes."""
    return {name: _serialize(value) for name, value in values.items()}


def person_item(person: Person) -> dict[str, str]:
    return {"sub": person.sub, "email": person.email, "name": person.name}


def decision_item(decision: Decision) -> dict[str, Any]:
    return {
        "decision": decision.decision.value,
        "by": person_item(decision.by),
        "at": decision.at,
        "digest": decision.digest,
        "reason": decision.reason,
        "self_confirmed": decision.self_confirmed,
        "calls": {call_id: verdict.value for call_id, verdict in decision.calls.items()},
        **({"seal": {"key": decision.seal.key, "mac": decision.seal.mac}} if decision.seal else {}),
    }


def outcome_items(outcomes: Mapping[str, Outcome]) -> dict[str, dict[str, str]]:
    return {
        call_id: {"status": outcome.status, "text": outcome.text}
        for call_id, outcome in outcomes.items()
    }


def approval_of_item(item: Mapping[str, Any]) -> Approval:
    """The record that an item holds; raises `NewerRecord`."""
    values = {name: _deserialize(value) for name, value in item.items()}
    if int(values.get("v", 1)) > VERSION:
        raise NewerRecord
    decision = values.get("decision")
    return Approval(
        id=values["pk"],
        status=Status(values["status"]),
        version=int(values["version"]),
        digest=values["digest"],
        plan=values["plan"],
        agent=values["agent"],
        conversation_id=values["conversation_id"],
        turn=int(values["turn"]),
        requester=_person(values["requester"]),
        request_words=values["request_words"],
        created_at=values["created_at"],
        expires_at=int(values["expires_at"]) if "expires_at" in values else None,
        asked=tuple(_person(person) for person in values.get("asked", [])),
        notified=bool(values.get("notified")),
        reminded=bool(values.get("reminded")),
        own_attempt=bool(values.get("own_attempt")),
        decision=_decision(decision) if decision else None,
        outcomes={
            call_id: Outcome(outcome["status"], outcome["text"])
            for call_id, outcome in values.get("outcomes", {}).items()
        },
        ended_by=values.get("ended_by", ""),
        closed_at=values.get("closed_at"),
        telling_until=int(values["telling_until"]) if "telling_until" in values else None,
        told_at=values.get("told_at"),
        audit_head=values.get("audit_head", ""),
        request_id=values.get("request_id", ""),
    )


def _person(value: Mapping[str, str]) -> Person:
    return Person(value["sub"], value["email"], value["name"])


def _decision(value: Mapping[str, Any]) -> Decision:
    seal = value.get("seal")
    return Decision(
        decision=Verdict(value["decision"]),
        by=_person(value["by"]),
        at=value["at"],
        digest=value["digest"],
        calls={call_id: Verdict(verdict) for call_id, verdict in value["calls"].items()},
        reason=value["reason"],
        self_confirmed=bool(value["self_confirmed"]),
        seal=Seal(seal["key"], seal["mac"]) if seal else None,
    )
