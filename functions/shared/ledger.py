"""The ledger: one row per call in the approvals table, written before AWS is asked and after it has answered."""

from dataclasses import dataclass
from typing import Any

from functions.shared.approval import Outcome
from functions.shared.approval_table import CALL

LAUNCHING = "launching"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """`status` is `launching` until AWS has answered, then the outcome's."""

    call_id: str
    status: str
    text: str
    client_token: str

    def outcome(self) -> Outcome | None:
        return None if self.status == LAUNCHING else Outcome(self.status, self.text)


class Ledger:
    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def begin(self, approval_id: str, call_id: str, *, client_token: str, at: str) -> LedgerRow | None:
        """Write the row before AWS is asked; the row that stands already, or None where this one is new."""
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    **_key(approval_id, call_id),
                    "v": {"N": "1"},
                    "ledger_status": {"S": LAUNCHING},
                    "text": {"S": ""},
                    "client_token": {"S": client_token},
                    "began_at": {"S": at},
                },
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            return _row(error.response["Item"])
        return None

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
    )
