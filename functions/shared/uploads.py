"""What a requester uploaded to a conversation: one item `F#<name>` per file, beside the conversation's turns."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from functions.shared.conversation_table import UPLOADS, partition
from functions.shared.identifiers import moment, utc_now


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

    def add(self, owner: str, conversation_id: str, upload: Upload, *, keep_days: int) -> bool:
        """Name a file until `keep_days` after its upload; False where the name stands already."""
        over = moment(upload.at) + timedelta(days=keep_days)
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    **self._key(owner, conversation_id, upload.name),
                    "bytes": {"N": str(upload.bytes)},
                    "packed_bytes": {"N": str(upload.packed_bytes)},
                    "version": {"S": upload.version},
                    "created_at": {"S": upload.at},
                    "delete_after": {"N": str(int(over.timestamp()))},
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
            Key=self._key(owner, conversation_id, name),
            ReturnValues="ALL_OLD",
        )
        item = answer.get("Attributes")
        return _upload(item) if item else None

    def _key(self, owner: str, conversation_id: str, name: str) -> dict[str, Any]:
        return {"pk": {"S": partition(owner, conversation_id)}, "sk": {"S": UPLOADS + name}}

    def _now(self) -> dict[str, str]:
        return {"N": str(int(self._clock().timestamp()))}


def _upload(item: dict[str, Any]) -> Upload:
    return Upload(
        name=item["sk"]["S"].removeprefix(UPLOADS),
        bytes=int(item["bytes"]["N"]),
        packed_bytes=int(item["packed_bytes"]["N"]),
        at=item["created_at"]["S"],
        version=item["version"]["S"],
    )
