"""The approvals table: every transition is one transaction of the record and its audit row, so each has one winner.

Items: `pk` = approval id; `sk` = `approval` (the record), `call#<call id>` (the ledger row of one call), `preflight`
and `rehearsal` (what the checks found). `unfinished` and `due_at` are the outbox: who finds them there asks the owner
of the next step to take it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from functions.shared.approval import Approval, Decision, Outcome, Person, Status
from functions.shared.approval_item import (
    VERSION,
    attributes,
    decision_item,
    outcome_items,
    person_item,
)
from functions.shared.approval_marks import (
    TELLING_SECONDS,
    ApprovalMarks,
    TransitionLost,
)
from functions.shared.approval_reader import RECORD, record_key
from functions.shared.audit import AuditTable, entry_after
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.identifiers import timestamp

CALL = "call#"
START_GRACE_SECONDS = 60
REPAIR_SECONDS = 60
RETENTION_SECONDS = 400 * 24 * 3600
LOST = frozenset({"ConditionalCheckFailed", "TransactionConflict"})


Parts = list[dict[str, Any]]
"""Parts of one transaction."""


__all__ = ["ApprovalTable", "TransitionLost"]


class ApprovalTable(ApprovalMarks):
    """Reads, and transitions; those that fail their condition raise `TransitionLost`."""

    def __init__(self, client: Any, name: str, audit_table: str) -> None:
        super().__init__(client, name)
        self._audit = AuditTable(client, audit_table)

    def write(self, parts: Sequence[Mapping[str, Any]]) -> None:
        """One transaction; raises `TransitionLost`, or `TemporarilyUnavailable` where the table was only busy."""
        try:
            self._client.transact_write_items(TransactItems=list(parts))
        except self._client.exceptions.TransactionCanceledException as error:
            reasons = [reason.get("Code") for reason in error.response["CancellationReasons"]]
            if LOST.intersection(reasons):
                raise TransitionLost from error
            raise TemporarilyUnavailable("The table is busy.") from error

    def put_items(self, approval: Approval, now: datetime) -> Parts:
        """A transaction's parts that store a new approval with its outbox attributes."""
        entry = entry_after(
            "",
            approval_id=approval.id,
            number=approval.version,
            event="requested",
            actor=approval.requester.sub,
            details={
                "conversation": approval.conversation_id,
                "turn": approval.turn,
                "agent": approval.agent,
                "draft_digest": approval.digest,
                "calls": [call["id"] for call in approval.calls()],
            },
            now=now,
        )
        item = {
            "pk": approval.id,
            "sk": RECORD,
            "v": VERSION,
            "status": approval.status.value,
            "version": approval.version,
            "digest": approval.digest,
            "plan": approval.plan,
            "agent": approval.agent,
            "conversation_id": approval.conversation_id,
            "turn": approval.turn,
            "requester": person_item(approval.requester),
            "request_words": approval.request_words,
            "created_at": approval.created_at,
            "audit_head": entry.hash,
            **({"request_id": approval.request_id} if approval.request_id else {}),
            "unfinished": "yes",
            "due_at": int(now.timestamp()) + START_GRACE_SECONDS,
            "delete_after": int(now.timestamp()) + RETENTION_SECONDS,
        }
        put = {
            "TableName": self.name,
            "Item": attributes(item),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        return [{"Put": put}, self._audit.put_item(entry)]

    def open_items(
        self,
        approval: Approval,
        *,
        plan: str,
        digest: str,
        requester: Person,
        asked: Sequence[Person],
        expires_at: int,
        due_at: int,
        now: datetime,
    ) -> Parts:
        """A transaction's parts: preparing → pending, with the plan that people see, who is asked and until when."""
        return self._transition(
            approval,
            to=Status.PENDING,
            set_values={
                "plan": plan,
                "digest": digest,
                "requester": person_item(requester),
                "asked": [person_item(person) for person in asked],
                "expires_at": expires_at,
                "due_at": due_at,
            },
            event="opened",
            actor="request_approval",
            details={
                "digest": digest,
                "plan": plan,
                "asked": [person.sub for person in asked],
                "expires_at": expires_at,
            },
            now=now,
        )

    def check_item(self, approval: Approval) -> dict[str, Any]:
        """A transaction's part: nothing has changed since this record was read."""
        return {
            "ConditionCheck": {
                "TableName": self.name,
                "Key": record_key(approval.id),
                "ConditionExpression": "#version = :version",
                "ExpressionAttributeNames": {"#version": "version"},
                "ExpressionAttributeValues": {":version": {"N": str(approval.version)}},
            }
        }

    def decide(self, approval: Approval, decision: Decision, now: datetime) -> None:
        """pending → approved or rejected: not expired, same digest, same version, all in one condition."""
        self.write(
            self._transition(
                approval,
                to=Status.APPROVED if decision.approved_calls() else Status.REJECTED,
                set_values={
                    "decision": decision_item(decision),
                    "due_at": int(now.timestamp()) + REPAIR_SECONDS,
                },
                condition="expires_at > :now AND digest = :digest",
                condition_values={":now": int(now.timestamp()), ":digest": decision.digest},
                event="decided",
                actor=decision.by.sub,
                details=decision_item(decision),
                now=now,
            )
        )

    def end_undecided(
        self, approval: Approval, to: Status, now: datetime, ended_by: str = "", actor: str = ""
    ) -> None:
        """preparing or pending → expired, cancelled, denied or failed, if nobody was faster."""
        self.write(
            self._transition(
                approval,
                to=to,
                set_values={
                    "requester": person_item(approval.requester),
                    "ended_by": ended_by,
                    "due_at": int(now.timestamp()) + REPAIR_SECONDS,
                },
                event=to.value,
                actor=actor or "countersign",
                details={"ended_by": ended_by},
                now=now,
            )
        )

    def close_items(
        self, approval: Approval, outcomes: Mapping[str, Outcome], now: datetime
    ) -> Parts:
        """A transaction's parts: every call has its outcome; still to be told."""
        return self._transition(
            approval,
            to=approval.status,
            set_values={
                "outcomes": outcome_items(outcomes),
                "closed_at": timestamp(now),
                "telling_until": int(now.timestamp()) + TELLING_SECONDS,
                "due_at": int(now.timestamp()) + TELLING_SECONDS,
            },
            condition="attribute_not_exists(closed_at)",
            event="closed",
            actor="record_outcome",
            details={"outcomes": outcome_items(outcomes)},
            now=now,
        )

    def note_items(
        self,
        approval: Approval,
        *,
        event: str,
        actor: str,
        details: Mapping[str, Any],
        now: datetime,
        set_values: Mapping[str, Any] | None = None,
    ) -> Parts:
        """A transaction's parts: the status stays, and the audit says what happened beside it."""
        return self._transition(
            approval,
            to=approval.status,
            set_values=set_values or {},
            event=event,
            actor=actor,
            details=details,
            now=now,
        )

    def _transition(
        self,
        approval: Approval,
        *,
        to: Status,
        set_values: Mapping[str, Any],
        event: str,
        actor: str,
        details: Mapping[str, Any],
        now: datetime,
        condition: str = "",
        condition_values: Mapping[str, Any] | None = None,
    ) -> Parts:
        """From exactly the state that was read, by its version, to the next, with its audit row."""
        entry = entry_after(
            approval.audit_head,
            approval_id=approval.id,
            number=approval.version + 1,
            event=event,
            actor=actor,
            details=details,
            now=now,
        )
        values = {
            **set_values,
            "status": to.value,
            "version": entry.number,
            "audit_head": entry.hash,
        }
        conditions = ["#version = :was_version", "#status = :was_status"] + (
            [condition] if condition else []
        )
        update = {
            "TableName": self.name,
            "Key": record_key(approval.id),
            "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in values),
            "ConditionExpression": " AND ".join(conditions),
            "ExpressionAttributeNames": {f"#{name}": name for name in values},
            "ExpressionAttributeValues": attributes(
                {
                    **{f":{name}": value for name, value in values.items()},
                    ":was_version": approval.version,
                    ":was_status": approval.status.value,
                    **(condition_values or {}),
                }
            ),
        }
        return [{"Update": update}, self._audit.put_item(entry)]
