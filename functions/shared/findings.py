"""What the checks before a person is asked found: one row each in the approvals table, the first one stands.

`result` is JSON. `preflight`: facts, price and complaints per call, and the account's alias. `rehearsal`: per call
whether AWS would take the launch, and if not, why.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from functions.shared.approval_item import attributes
from functions.shared.approval_table import RETENTION_SECONDS
from functions.shared.identifiers import timestamp

PREFLIGHT = "preflight"
REHEARSAL = "rehearsal"
VERSION = 1


class Findings:
    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def put(self, approval_id: str, check: str, result: Mapping[str, Any], now: datetime) -> None:
        """Write what a check found; a row that stands already stays."""
        item = {
            "pk": approval_id,
            "sk": check,
            "v": VERSION,
            "at": timestamp(now),
            "result": json.dumps(result, ensure_ascii=False, sort_keys=True),
            "delete_after": int(now.timestamp()) + RETENTION_SECONDS,
        }
        try:
            self._client.put_item(
                TableName=self._table,
                Item=attributes(item),
                ConditionExpression="attribute_not_exists(pk)",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def read(self, approval_id: str, check: str) -> dict[str, Any] | None:
        """What a check found, read consistently; None where it did not get that far."""
        answer = self._client.get_item(
            TableName=self._table,
            Key={"pk": {"S": approval_id}, "sk": {"S": check}},
            ConsistentRead=True,
        )
        if "Item" not in answer:
            return None
        result: dict[str, Any] = json.loads(answer["Item"]["result"]["S"])
        return result
