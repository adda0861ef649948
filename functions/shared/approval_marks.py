"""Marks on a record that are no transitions: who was told of it, and who is to tell."""

from datetime import datetime
from typing import Any

from functions.shared.approval import Approval, Status
from functions.shared.approval_item import attributes
from functions.shared.approval_reader import ApprovalReader, record_key
from functions.shared.identifiers import timestamp

TELLING_SECONDS = 90
"""Longer than record_outcome lives."""


class TransitionLost(Exception):
    """Somebody else changed the record first: read it again and judge anew."""


class ApprovalMarks(ApprovalReader):
    """Small writes that leave status, version and audit as they are."""

    def mark_notified(self, approval_id: str) -> None:
        self._client.update_item(
            TableName=self.name,
            Key=record_key(approval_id),
            UpdateExpression="SET notified = :yes",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeValues={":yes": {"BOOL": True}},
        )

    def mark_reminded(self, approval: Approval) -> None:
        """Once per approval, before the reminder is sent: raises `TransitionLost` where it was, or nobody waits."""
        try:
            self._client.update_item(
                TableName=self.name,
                Key=record_key(approval.id),
                UpdateExpression="SET reminded = :yes, due_at = :due_at",
                ConditionExpression="#status = :pending AND attribute_not_exists(reminded)",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":yes": {"BOOL": True},
                    ":due_at": {"N": str(approval.expires_at)},
                    ":pending": {"S": Status.PENDING.value},
                },
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise TransitionLost from error

    def mark_still_running(self, approval_id: str, due_at: int) -> None:
        """A call of it takes its time: nobody need look after it before `due_at`."""
        try:
            self._client.update_item(
                TableName=self.name,
                Key=record_key(approval_id),
                UpdateExpression="SET due_at = :due_at",
                ConditionExpression="attribute_exists(due_at) AND attribute_not_exists(closed_at)",
                ExpressionAttributeValues={":due_at": {"N": str(due_at)}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def claim_telling(self, approval: Approval, now: datetime) -> None:
        """Take over the telling from whoever did not end it: raises `TransitionLost` where somebody else did."""
        until = int(now.timestamp()) + TELLING_SECONDS
        values: dict[str, Any] = {":until": until}
        was = "attribute_not_exists(telling_until)"
        if approval.telling_until is not None:
            was, values[":was"] = "telling_until = :was", approval.telling_until
        try:
            self._client.update_item(
                TableName=self.name,
                Key=record_key(approval.id),
                UpdateExpression="SET telling_until = :until, due_at = :until",
                ConditionExpression=f"{was} AND attribute_not_exists(told_at)",
                ExpressionAttributeValues=attributes(values),
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise TransitionLost from error

    def mark_told(self, approval_id: str, now: datetime) -> None:
        """The last step: nothing of this approval is unfinished."""
        self._client.update_item(
            TableName=self.name,
            Key=record_key(approval_id),
            UpdateExpression="SET told_at = :now REMOVE unfinished, due_at",
            ConditionExpression="attribute_exists(closed_at)",
            ExpressionAttributeValues={":now": {"S": timestamp(now)}},
        )
