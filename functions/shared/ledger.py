"""The ledger: one row per call in the approvals table, written before AWS is asked and after it has answered."""

from dataclasses import dataclass
from typing import Any

from functions.shared.approval import Approval, Outcome
from functions.shared.approval_table import CALL, ApprovalTable
from functions.shared.errors import TemporarilyUnavailable

LAUNCHING = "launching"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """`status` is `launching` until AWS has answered, then the outcome's."""

    call_id: str
    status: str
    text: str
    client_token: str
    began_at: str

    def outcome(self) -> Outcome | None:
        return None if self.status == LAUNCHING else Outcome(self.status, self.text)


class RecordChanged(Exception):
    """The approval was closed or changed between reading it and running its call."""


class Ledger:
    def __init__(self, client: Any, approvals: ApprovalTable) -> None:
        self._client = client
        self._approvals = approvals
        self._table = approvals.name

    def begin(
        self, approval: Approval, call_id: str, *, client_token: str, at: str
    ) -> LedgerRow | None:
        """Write the row before AWS is asked; the row that stands already, or None where this one is new.

        One transaction with the check that the record has not been closed meanwhile; raises `RecordChanged`, or
        `TemporarilyUnavailable` where the table was only busy.
        """
        row = {
            **_key(approval.id, call_id),
            "v": {"N": "1"},
            "ledger_status": {"S": LAUNCHING},
            "text": {"S": ""},
            "client_token": {"S": client_token},
            "began_at": {"S": at},
        }
        put = {
            "TableName": self._table,
            "Item": row,
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        try:
            self._client.transact_write_items(
                TransactItems=[{"Put": put}, self._approvals.check_item(approval)]
            )
        except self._client.exceptions.TransactionCanceledException as error:
            answer = self._client.get_item(
                TableName=self._table, Key=_key(approval.id, call_id), ConsistentRead=True
            )
            if "Item" in answer:
                return _row(answer["Item"])
            reasons = error.response.get("CancellationReasons", [])
            if any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons):
                raise RecordChanged(approval.id) from error
            raise TemporarilyUnavailable("The table is busy.") from error
        return None

    def no_row_item(self, approval_id: str, call_id: str) -> dict[str, Any]:
        """A transaction's part: this call has still not begun."""
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": _key(approval_id, call_id),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    def end(self, approval_id: str, call_id: str, outcome: Outcome, at: str) -> None:
        """Write what AWS answered; the first answer stands."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(approval_id, call_id),
                UpdateExpression="SET ledger_status = :status, #text = :text, ended_at = :at",
                ConditionExpression="ledger_status = :launching",
                ExpressionAttributeNames={"#text": "text"},
                ExpressionAttributeValues={
                    ":status": {"S": outcome.status},
                    ":text": {"S": outcome.text},
                    ":at": {"S": at},
                    ":launching": {"S": LAUNCHING},
                },
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def rows(self, approval_id: str) -> dict[str, LedgerRow]:
        """Every row of one approval by call id, read consistently."""
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :call)",
            ExpressionAttributeValues={":pk": {"S": approval_id}, ":call": {"S": CALL}},
            ConsistentRead=True,
        )
        return {row.call_id: row for row in map(_row, answer["Items"])}


def _key(approval_id: str, call_id: str) -> dict[str, Any]:
    return {"pk": {"S": approval_id}, "sk": {"S": f"{CALL}{call_id}"}}


def _row(item: dict[str, Any]) -> LedgerRow:
    return LedgerRow(
        call_id=item["sk"]["S"].removeprefix(CALL),
        status=item["ledger_status"]["S"],
        text=item["text"]["S"],
        client_token=item["client_token"]["S"],
        began_at=item["began_at"]["S"],
    )
