"""The audit: each transition of an approval is one row, chained by hashes, written in the transition's transaction.

Rows lie in a table of their own, in which every role may only put and read. Item: `pk` = approval id, `sk` = the
record's version after the transition, six digits. The chain is checked by audit_chain.py.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.shared.identifiers import timestamp
from functions.shared.plan import canonical

FIRST_PREVIOUS = "0" * 64
VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """What happened to one approval, by whom, when: ids, digests and plans, never chat text."""

    approval_id: str
    number: int
    at: str
    event: str
    actor: str
    """The subject of a person, or the role that acted."""
    details: Mapping[str, Any]
    previous: str

    @property
    def hash(self) -> str:
        """SHA-256 over the canonical JSON of everything above."""
        return hash_of(
            {
                "approval": self.approval_id,
                "number": self.number,
                "at": self.at,
                "event": self.event,
                "actor": self.actor,
                "details": dict(self.details),
                "previous": self.previous,
            }
        )


def hash_of(entry: Mapping[str, Any]) -> str:
    """The hash of one row's content."""
    return hashlib.sha256(canonical(entry).encode("utf-8")).hexdigest()


def entry_after(
    previous: str,
    *,
    approval_id: str,
    number: int,
    event: str,
    actor: str,
    details: Mapping[str, Any],
    now: datetime,
) -> AuditEntry:
    """The next row of a chain whose newest hash is `previous` (empty: the chain begins here)."""
    return AuditEntry(
        approval_id=approval_id,
        number=number,
        at=timestamp(now),
        event=event,
        actor=actor,
        details=details,
        previous=previous or FIRST_PREVIOUS,
    )


class AuditTable:
    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name

    def put_item(self, entry: AuditEntry) -> dict[str, Any]:
        """A transaction's part that appends one row; it cannot stand there already."""
        return {
            "Put": {
                "TableName": self.name,
                "Item": {
                    "pk": {"S": entry.approval_id},
                    "sk": {"S": f"{entry.number:06d}"},
                    "v": {"N": str(VERSION)},
                    "at": {"S": entry.at},
                    "event": {"S": entry.event},
                    "actor": {"S": entry.actor},
                    "details": {"S": canonical(dict(entry.details))},
                    "previous": {"S": entry.previous},
                    "hash": {"S": entry.hash},
                },
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    def rows(self, approval_id: str) -> list[dict[str, Any]]:
        """Every row of one approval in order, as stored: number, at, event, actor, details, previous, hash."""
        request: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": approval_id}},
            "ConsistentRead": True,
        }
        rows: list[dict[str, Any]] = []
        while True:
            page = self._client.query(**request)
            rows += [row_of(item) for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return rows
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def row_of(item: Mapping[str, Any]) -> dict[str, Any]:
    """One row as its item in the table holds it."""
    return {
        "number": int(item["sk"]["S"]),
        "at": item["at"]["S"],
        "event": item["event"]["S"],
        "actor": item["actor"]["S"],
        "details": json.loads(item["details"]["S"]),
        "previous": item["previous"]["S"],
        "hash": item["hash"]["S"],
    }
