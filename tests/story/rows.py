"""What lies in the stack's tables, read and edited as somebody with rights on them could."""

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

APPROVAL = "approval"


class Rows:
    """Items of the stack's tables, as plain values."""

    def __init__(self, dynamodb: Any, outputs: Mapping[str, str]) -> None:
        self._dynamodb = dynamodb
        self._outputs = outputs

    def approval(self, approval_id: str) -> dict:
        """The record of an approval."""
        return self.item("ApprovalsTable", pk=approval_id, sk=APPROVAL)

    def call(self, approval_id: str, call_id: str) -> dict:
        """A call's row in the ledger; empty where there is none."""
        return self.item("ApprovalsTable", pk=approval_id, sk=f"call#{call_id}")

    def audit(self, approval_id: str) -> list[dict]:
        """The audit of an approval in order."""
        answer = self._dynamodb.query(
            TableName=self._outputs["AuditTable"],
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": approval_id}},
            ConsistentRead=True,
        )
        return [plain(item) for item in answer["Items"]]

    def events(self, approval_id: str) -> list[str]:
        """What happened to an approval, by its audit."""
        return [row["event"] for row in self.audit(approval_id)]

    def living(self) -> set[str]:
        """The calls whose instances count among the target's living ones."""
        item = self.item("BudgetsTable", pk="live#default")
        return set(item.get("calls", ()))

    def item(self, output: str, **key: str) -> dict:
        """One item of the table named by a stack output; empty where there is none."""
        answer = self._dynamodb.get_item(
            TableName=self._outputs[output], Key=attributes(key), ConsistentRead=True
        )
        return plain(answer.get("Item", {}))

    def edit_approval(self, approval_id: str, **values: object) -> None:
        """Overwrite attributes of a record."""
        self.edit("ApprovalsTable", {"pk": approval_id, "sk": APPROVAL}, **values)

    def edit_call(self, approval_id: str, call_id: str, **values: object) -> None:
        """Overwrite attributes of a call's row."""
        self.edit("ApprovalsTable", {"pk": approval_id, "sk": f"call#{call_id}"}, **values)

    def edit(self, output: str, key: Mapping[str, str], **values: object) -> None:
        """Overwrite attributes of one item, which is made where there is none."""
        self._dynamodb.update_item(
            TableName=self._outputs[output],
            Key=attributes(key),
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
            ExpressionAttributeNames={f"#{name}": name for name in values},
            ExpressionAttributeValues=attributes(
                {f":{name}": value for name, value in values.items()}
            ),
        )

    def edit_plan(self, approval_id: str, old: str, new: str, **more: object) -> None:
        """Another word in a stored plan."""
        stored = self.approval(approval_id)["plan"]
        assert old in stored
        self.edit_approval(approval_id, plan=stored.replace(old, new), **more)

    def empty(self, output: str) -> None:
        """Delete every item of a table that has `pk` alone."""
        table = self._outputs[output]
        for item in self._dynamodb.scan(TableName=table)["Items"]:
            self._dynamodb.delete_item(TableName=table, Key={"pk": item["pk"]})

    def copy_as_unstarted(self, approval_id: str, copy_id: str) -> None:
        """A record as a crash leaves it that came after the write and before the start."""
        kept = ("expires_at", "asked", "notified", "audit_head")
        stored = {
            name: value for name, value in self.approval(approval_id).items() if name not in kept
        }
        left = {"pk": copy_id, "status": "preparing", "version": 1, "due_at": 1}
        self._dynamodb.put_item(
            TableName=self._outputs["ApprovalsTable"], Item=attributes({**stored, **left})
        )


def plain(item: Mapping[str, Any]) -> dict:
    """An item's values without DynamoDB's types."""
    read = TypeDeserializer().deserialize
    return {name: read(value) for name, value in item.items()}


def attributes(values: Mapping[str, object]) -> dict[str, Any]:
    """Plain values as DynamoDB's typed attributes."""
    write = TypeSerializer().serialize
    return {name: write(value) for name, value in values.items()}
