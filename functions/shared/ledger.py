"""The ledger: one row per call in the approvals table, written before AWS is asked and after it has answered.

`sent` says that a request may have reached AWS: it is there before the first one goes out, and is taken back only when
AWS says that it took none. A row with an instance that still lives is among the leases that the sweep looks after.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.shared.approval import Approval, Outcome
from functions.shared.approval_item import attributes
from functions.shared.approval_table import CALL, RETENTION_SECONDS, ApprovalTable
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.identifiers import timestamp

LAUNCHING = "launching"
FAILED = "ConditionalCheckFailed"
VERSION = 2


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """`status` is `launching` until AWS has answered, then the outcome's."""

    call_id: str
    status: str
    text: str
    client_token: str
    began_at: str
    sent: bool = True
    """Whether AWS may have taken a request of this call."""
    instance_id: str = ""
    execution_id: str = ""
    """Of a runbook that was started."""
    capacity_tries: int = 0

    def outcome(self) -> Outcome | None:
        return None if self.status == LAUNCHING else Outcome(self.status, self.text)


class RecordChanged(Exception):
    """The approval was closed or changed between reading it and running its call."""


class PartRefused(Exception):
    """Another part of the transaction failed its condition; `reasons` are the cancellation reasons of `others`."""

    def __init__(self, reasons: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(reasons)
        self.reasons = reasons


class Ledger:
    def __init__(self, client: Any, approvals: ApprovalTable) -> None:
        self._client = client
        self._approvals = approvals
        self._table = approvals.name

    def read(self, approval_id: str, call_id: str) -> LedgerRow | None:
        """One row, read consistently."""
        return read_row(self._client, self._table, approval_id, call_id)

    def begin(
        self,
        approval: Approval,
        call_id: str,
        *,
        client_token: str,
        now: datetime,
        others: Sequence[Mapping[str, Any]] = (),
        sent: bool = True,
    ) -> LedgerRow | None:
        """Write the row before AWS is asked; the row that stands already, or None where this one is new.

        One transaction with the check that the record has not been closed meanwhile, and with `others`; `sent` says
        whether AWS may take something from here on. Raises
        `RecordChanged`, `PartRefused`, or `TemporarilyUnavailable` where the table was only busy.
        """
        row = {
            "ledger_status": LAUNCHING,
            "text": "",
            "client_token": client_token,
            "sent": sent,
        }
        return self._put(approval, call_id, row, now, others)

    def refuse(
        self, approval: Approval, call_id: str, outcome: Outcome, now: datetime
    ) -> LedgerRow | None:
        """Write a row that has its outcome already, since AWS is not asked; the row that stands already, or None."""
        row = {
            "ledger_status": outcome.status,
            "text": outcome.text,
            "client_token": "",
            "sent": False,
            "ended_at": timestamp(now),
        }
        return self._put(approval, call_id, row, now, ())

    def _put(
        self,
        approval: Approval,
        call_id: str,
        row: Mapping[str, Any],
        now: datetime,
        others: Sequence[Mapping[str, Any]],
    ) -> LedgerRow | None:
        item = {
            "v": VERSION,
            **row,
            "began_at": timestamp(now),
            "delete_after": int(now.timestamp()) + RETENTION_SECONDS,
        }
        put = {
            "TableName": self._table,
            "Item": {**_key(approval.id, call_id), **attributes(item)},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        parts = [{"Put": put}, self._approvals.check_item(approval), *others]
        try:
            self._client.transact_write_items(TransactItems=parts)
        except self._client.exceptions.TransactionCanceledException as error:
            standing = self.read(approval.id, call_id)
            if standing is not None:
                return standing
            reasons = error.response["CancellationReasons"]
            if reasons[1].get("Code") == FAILED:
                raise RecordChanged(approval.id) from error
            if any(reason.get("Code") == FAILED for reason in reasons[2:]):
                raise PartRefused(reasons[2:]) from error
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

    def send_again(self, approval_id: str, call_id: str) -> bool:
        """Write that a request goes out once more; False where the call has its outcome already: it must not."""
        return self._update(approval_id, call_id, "SET sent = :value", {":value": True})

    def nothing_taken(self, approval_id: str, call_id: str) -> None:
        """AWS says that it took no request of this call."""
        self._update(approval_id, call_id, "SET sent = :value", {":value": False})

    def no_capacity(self, approval_id: str, call_id: str) -> int:
        """Count one more refusal for want of capacity, in which nothing was taken; how many there were."""
        answer = self._client.update_item(
            TableName=self._table,
            Key=_key(approval_id, call_id),
            UpdateExpression="SET sent = :no ADD capacity_tries :one",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeValues=attributes({":no": False, ":one": 1}),
            ReturnValues="UPDATED_NEW",
        )
        return int(answer["Attributes"]["capacity_tries"]["N"])

    def launched(
        self, approval_id: str, call_id: str, instance_id: str, lease: Mapping[str, Any]
    ) -> None:
        """Write which instance started, with what its lease needs (plain values); the first one stands."""
        self._note(approval_id, call_id, "instance_id", {"instance_id": instance_id, **lease})

    def runbook_started(self, approval_id: str, call_id: str, execution_id: str) -> None:
        """Write as which execution a runbook was started; the first one stands."""
        self._note(approval_id, call_id, "execution_id", {"execution_id": execution_id})

    def _note(self, approval_id: str, call_id: str, name: str, values: Mapping[str, Any]) -> None:
        """Write down what was made, unless `name` is there already."""
        self._update(
            approval_id,
            call_id,
            "SET " + ", ".join(f"{name} = :{name}" for name in values),
            {f":{name}": value for name, value in values.items()},
            condition=f"attribute_not_exists({name})",
        )

    def end(
        self,
        approval_id: str,
        call_id: str,
        outcome: Outcome,
        now: datetime,
        others: Sequence[Mapping[str, Any]] = (),
        *,
        only_unsent: bool = False,
    ) -> bool:
        """Write what became of it, in one transaction with `others`; the first answer stands, and this one is False.

        `only_unsent`: and only while AWS has taken nothing and nothing is on its way there.
        """
        values = {
            ":status": outcome.status,
            ":text": outcome.text,
            ":at": timestamp(now),
            ":launching": LAUNCHING,
            **({":no": False} if only_unsent else {}),
        }
        update = {
            "TableName": self._table,
            "Key": _key(approval_id, call_id),
            "UpdateExpression": "SET ledger_status = :status, #text = :text, ended_at = :at",
            "ConditionExpression": "ledger_status = :launching"
            + (" AND sent = :no" if only_unsent else ""),
            "ExpressionAttributeNames": {"#text": "text"},
            "ExpressionAttributeValues": attributes(values),
        }
        try:
            self._client.transact_write_items(TransactItems=[{"Update": update}, *others])
        except self._client.exceptions.TransactionCanceledException as error:
            if error.response["CancellationReasons"][0].get("Code") != FAILED:
                raise TemporarilyUnavailable("The table is busy.") from error
            return False
        return True

    def _update(
        self,
        approval_id: str,
        call_id: str,
        expression: str,
        values: Mapping[str, Any],
        *,
        condition: str = "",
    ) -> bool:
        """Change a row that has no outcome yet; one that has stays as it is, and the answer is False."""
        conditions = "ledger_status = :launching" + (f" AND {condition}" if condition else "")
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(approval_id, call_id),
                UpdateExpression=expression,
                ConditionExpression=conditions,
                ExpressionAttributeValues=attributes({**values, ":launching": LAUNCHING}),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def rows(self, approval_id: str) -> dict[str, LedgerRow]:
        """Every row of one approval by call id, read consistently."""
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :call)",
            ExpressionAttributeValues={":pk": {"S": approval_id}, ":call": {"S": CALL}},
            ConsistentRead=True,
        )
        return {row.call_id: row for row in map(_row, answer["Items"])}


def read_row(client: Any, table: str, approval_id: str, call_id: str) -> LedgerRow | None:
    """One row, read consistently."""
    answer = client.get_item(TableName=table, Key=_key(approval_id, call_id), ConsistentRead=True)
    return _row(answer["Item"]) if "Item" in answer else None


def _key(approval_id: str, call_id: str) -> dict[str, Any]:
    return {"pk": {"S": approval_id}, "sk": {"S": f"{CALL}{call_id}"}}


def _row(item: Mapping[str, Any]) -> LedgerRow:
    return LedgerRow(
        call_id=item["sk"]["S"].removeprefix(CALL),
        status=item["ledger_status"]["S"],
        text=item["text"]["S"],
        client_token=item["client_token"]["S"],
        began_at=item["began_at"]["S"],
        sent=item["sent"]["BOOL"] if "sent" in item else True,
        instance_id=item["instance_id"]["S"] if "instance_id" in item else "",
        execution_id=item["execution_id"]["S"] if "execution_id" in item else "",
        capacity_tries=int(item["capacity_tries"]["N"]) if "capacity_tries" in item else 0,
    )
