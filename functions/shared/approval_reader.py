"""Reading approvals: one, several by id, or those of one status."""

from typing import Any

from functions.shared.approval import Approval, Status
from functions.shared.approval_item import approval_of_item

RECORD = "approval"


class ApprovalReader:
    """Consistent reads by id; the list by status is a moment behind."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name

    def get(self, approval_id: str) -> Approval | None:
        """One approval, read consistently."""
        answer = self._client.get_item(
            TableName=self.name, Key=record_key(approval_id), ConsistentRead=True
        )
        return approval_of_item(answer["Item"]) if "Item" in answer else None

    def get_many(self, approval_ids: list[str]) -> dict[str, Approval]:
        """Up to 100 approvals by id, read consistently; those that are gone are left out."""
        found: dict[str, Approval] = {}
        wanted = [record_key(approval_id) for approval_id in approval_ids[:100]]
        while wanted:
            answer = self._client.batch_get_item(
                RequestItems={self.name: {"Keys": wanted, "ConsistentRead": True}}
            )
            for item in answer["Responses"].get(self.name, []):
                approval = approval_of_item(item)
                found[approval.id] = approval
            wanted = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
        return found

    def with_status(
        self, status: Status, *, limit: int, after: str | None
    ) -> tuple[list[Approval], str | None]:
        """Newest first; `after` is the cursor of the page before: `created_at` and id joined by `_`."""
        request: dict[str, Any] = {
            "TableName": self.name,
            "IndexName": "by_status",
            "KeyConditionExpression": "#status = :status",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {":status": {"S": status.value}},
            "ScanIndexForward": False,
            "Limit": limit,
        }
        if after:
            created_at, _, approval_id = after.partition("_")
            request["ExclusiveStartKey"] = {
                **record_key(approval_id),
                "status": {"S": status.value},
                "created_at": {"S": created_at},
            }
        answer = self._client.query(**request)
        last = answer.get("LastEvaluatedKey")
        cursor = f"{last['created_at']['S']}_{last['pk']['S']}" if last else None
        return [approval_of_item(item) for item in answer["Items"]], cursor


def record_key(approval_id: str) -> dict[str, Any]:
    """The key of an approval's record."""
    return {"pk": {"S": approval_id}, "sk": {"S": RECORD}}
