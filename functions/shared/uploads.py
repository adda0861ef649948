"""What a requester uploaded to a conversation: one item `F#<name>` per file, beside the conversation's turns.

`B#` begins a conversation without a turn: it stays when its only file is removed or replaced.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from functions.shared.conversation_table import partition
from functions.shared.identifiers import moment, utc_now

UPLOADS, BEGUN = "F#", "B#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file whose bytes the notebook store keeps."""

    name: str
    bytes: int
    """Unpacked."""
    packed_bytes: int
    at: str
    version: str = ""
    """The store's version of its bytes."""


class Uploads:
    """Files that are over are as good as gone, though DynamoDB may show them for some days more."""

    def __init__(
        self, client: Any, table_name: str, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._client = client
        self._table = table_name
        self._clock = clock

    def all(self, owner: str, conversation_id: str) -> tuple[Upload, ...]:
        """A conversation's files by name, in one consistent Query."""
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :files)",
            FilterExpression="delete_after > :now",
            ExpressionAttributeValues={
                ":pk": {"S": partition(owner, conversation_id)},
                ":files": {"S": UPLOADS},
                ":now": self._now(),
            },
            ConsistentRead=True,
        )
        return tuple(_upload(item) for item in answer["Items"])

    def begin(self, owner: str, conversation_id: str, at: str, *, keep_days: int) -> None:
        """Let a conversation exist, before its first turn."""
        self._client.put_item(
            TableName=self._table,
            Item={
                **_key(owner, conversation_id, BEGUN),
                "created_at": {"S": at},
                "delete_after": _over(at, keep_days),
            },
        )

    def add(self, owner: str, conversation_id: str, upload: Upload, *, keep_days: int) -> bool:
        """Name a file until `keep_days` after its upload; False where the name stands already."""
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    **_key(owner, conversation_id, UPLOADS + upload.name),
                    "bytes": {"N": str(upload.bytes)},
                    "packed_bytes": {"N": str(upload.packed_bytes)},
                    "version": {"S": upload.version},
                    "created_at": {"S": upload.at},
                    "delete_after": _over(upload.at, keep_days),
                },
                ConditionExpression="attribute_not_exists(pk) OR delete_after <= :now",
                ExpressionAttributeValues={":now": self._now()},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def remove(self, owner: str, conversation_id: str, name: str) -> Upload | None:
        """Forget a file's name; what was known of it, or None."""
        answer = self._client.delete_item(
            TableName=self._table,
            Key=_key(owner, conversation_id, UPLOADS + name),
            ReturnValues="ALL_OLD",
        )
        item = answer.get("Attributes")
        return _upload(item) if item else None

    def _now(self) -> dict[str, str]:
        return {"N": str(int(self._clock().timestamp()))}


def _key(owner: str, conversation_id: str, item: str) -> dict[str, Any]:
    return {"pk": {"S": partition(owner, conversation_id)}, "sk": {"S": item}}


def _over(at: str, keep_days: int) -> dict[str, str]:
    return {"N": str(int((moment(at) + timedelta(days=keep_days)).timestamp()))}


def _upload(item: dict[str, Any]) -> Upload:
    return Upload(
        name=item["sk"]["S"].removeprefix(UPLOADS),
        bytes=int(item["bytes"]["N"]),
        packed_bytes=int(item["packed_bytes"]["N"]),
        at=item["created_at"]["S"],
        version=item["version"]["S"],
    )
