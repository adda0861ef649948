"""The approvals table: every transition is one conditional write, so each has one winner.

Items: `pk` = approval id; `sk` = `approval` (the record) or `call#<call id>` (the ledger row of one call).
`unfinished` and `due_at` are the outbox: who finds them there asks the owner of the next step to take it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from functions.shared.approval import Approval, Decision, Outcome, Person, Status, Verdict
from functions.shared.identifiers import timestamp

RECORD = "approval"
CALL = "call#"
START_GRACE_SECONDS = 60
REPAIR_SECONDS = 60
RETENTION_SECONDS = 400 * 24 * 3600

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def attributes(values: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values as DynamoDB's typed attributes."""
    return {name: _serialize(value) for name, value in values.items()}


class ApprovalTable:
    """Reads and transitions of approvals; conditions that fail raise the client's ConditionalCheckFailedException."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name

    def put_item(self, approval: Approval, now: datetime) -> dict[str, Any]:
        """A transaction's part that stores a new approval with its outbox attributes."""
        item = {
            "pk": approval.id,
            "sk": RECORD,
            "v": 1,
            "status": approval.status.value,
            "version": approval.version,
            "digest": approval.digest,
            "plan": approval.plan,
            "agent": approval.agent,
            "conversation_id": approval.conversation_id,
            "turn": approval.turn,
            "requester": _person_item(approval.requester),
            "request_words": approval.request_words,
            "created_at": approval.created_at,
            "unfinished": "yes",
            "due_at": int(now.timestamp()) + START_GRACE_SECONDS,
            "delete_after": int(now.timestamp()) + RETENTION_SECONDS,
        }
        return {
            "Put": {
                "TableName": self.name,
                "Item": attributes(item),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    def get(self, approval_id: str) -> Approval | None:
        """One approval, read consistently."""
        answer = self._client.get_item(
            TableName=self.name, Key=_key(approval_id), ConsistentRead=True
        )
        return _approval(answer["Item"]) if "Item" in answer else None

    def get_many(self, approval_ids: list[str]) -> dict[str, Approval]:
        """Up to 100 approvals by id, read consistently; those that are gone are left out."""
        found: dict[str, Approval] = {}
        wanted = [_key(approval_id) for approval_id in approval_ids[:100]]
        while wanted:
            answer = self._client.batch_get_item(
                RequestItems={self.name: {"Keys": wanted, "ConsistentRead": True}}
            )
            for item in answer["Responses"].get(self.name, []):
                approval = _approval(item)
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
                **_key(approval_id),
                "status": {"S": status.value},
                "created_at": {"S": created_at},
            }
        answer = self._client.query(**request)
        last = answer.get("LastEvaluatedKey")
        cursor = f"{last['created_at']['S']}_{last['pk']['S']}" if last else None
        return [_approval(item) for item in answer["Items"]], cursor

    def open_item(
        self, approval: Approval, *, requester: Person, asked: list[Person], expires_at: int
    ) -> dict[str, Any]:
        """A transaction's part: preparing → pending, with who is asked and until when."""
        return {
            "Update": self._transition(
                approval,
                to=Status.PENDING,
                set_values={
                    "requester": _person_item(requester),
                    "asked": [_person_item(person) for person in asked],
                    "expires_at": expires_at,
                    "due_at": expires_at,
                },
            )
        }

    def check_item(self, approval: Approval) -> dict[str, Any]:
        """A transaction's part: nothing has changed since this record was read."""
        return {
            "ConditionCheck": {
                "TableName": self.name,
                "Key": _key(approval.id),
                "ConditionExpression": "#version = :version",
                "ExpressionAttributeNames": {"#version": "version"},
                "ExpressionAttributeValues": {":version": {"N": str(approval.version)}},
            }
        }

    def mark_notified(self, approval_id: str) -> None:
        self._client.update_item(
            TableName=self.name,
            Key=_key(approval_id),
            UpdateExpression="SET notified = :yes",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeValues={":yes": {"BOOL": True}},
        )

    def decide(self, approval: Approval, decision: Decision, now: datetime) -> None:
        """pending → approved or rejected: not expired, same digest, same version, all in one condition."""
        self._client.update_item(
            **self._transition(
                approval,
                to=Status.APPROVED if decision.approved_calls() else Status.REJECTED,
                set_values={
                    "decision": {
                        "decision": decision.decision.value,
                        "by": _person_item(decision.by),
                        "at": decision.at,
                        "digest": decision.digest,
                        "reason": decision.reason,
                        "self_confirmed": decision.self_confirmed,
                        "calls": {
                            call_id: verdict.value for call_id, verdict in decision.calls.items()
                        },
                    },
                    "due_at": int(now.timestamp()) + REPAIR_SECONDS,
                },
                condition="expires_at > :now AND digest = :digest",
                condition_values={":now": int(now.timestamp()), ":digest": decision.digest},
            )
        )

    def end_undecided(
        self, approval: Approval, to: Status, now: datetime, ended_by: str = ""
    ) -> None:
        """preparing or pending → expired, cancelled, denied or failed, if nobody was faster."""
        self._client.update_item(
            **self._transition(
                approval,
                to=to,
                set_values={"ended_by": ended_by, "due_at": int(now.timestamp()) + REPAIR_SECONDS},
            )
        )

    def close_item(
        self, approval: Approval, outcomes: Mapping[str, Outcome], now: datetime
    ) -> dict[str, Any]:
        """A transaction's part: every call has its outcome; still to be told."""
        return {
            "Update": self._transition(
                approval,
                to=approval.status,
                set_values={
                    "outcomes": {
                        call_id: {"status": outcome.status, "text": outcome.text}
                        for call_id, outcome in outcomes.items()
                    },
                    "closed_at": timestamp(now),
                    "due_at": int(now.timestamp()) + REPAIR_SECONDS,
                },
                condition="attribute_not_exists(closed_at)",
            )
        }

    def mark_told(self, approval_id: str, now: datetime) -> None:
        """The last step: nothing of this approval is unfinished."""
        self._client.update_item(
            TableName=self.name,
            Key=_key(approval_id),
            UpdateExpression="SET told_at = :now REMOVE unfinished, due_at",
            ConditionExpression="attribute_exists(closed_at)",
            ExpressionAttributeValues={":now": {"S": timestamp(now)}},
        )

    def _transition(
        self,
        approval: Approval,
        *,
        to: Status,
        set_values: Mapping[str, Any],
        condition: str = "",
        condition_values: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """From exactly the state that was read, by its version, to the next."""
        values = {**set_values, "status": to.value, "version": approval.version + 1}
        conditions = ["#version = :was_version", "#status = :was_status"] + (
            [condition] if condition else []
        )
        return {
            "TableName": self.name,
            "Key": _key(approval.id),
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


def _key(approval_id: str) -> dict[str, Any]:
    return {"pk": {"S": approval_id}, "sk": {"S": RECORD}}


def _person_item(person: Person) -> dict[str, str]:
    return {"sub": person.sub, "email": person.email, "name": person.name}


def _approval(item: Mapping[str, Any]) -> Approval:
    values = {name: _deserialize(value) for name, value in item.items()}
    decision = values.get("decision")
    return Approval(
        id=values["pk"],
        status=Status(values["status"]),
        version=int(values["version"]),
        digest=values["digest"],
        plan=values["plan"],
        agent=values["agent"],
        conversation_id=values["conversation_id"],
        turn=int(values["turn"]),
        requester=Person(**values["requester"]),
        request_words=values["request_words"],
        created_at=values["created_at"],
        expires_at=int(values["expires_at"]) if "expires_at" in values else None,
        asked=tuple(Person(**person) for person in values.get("asked", [])),
        notified=bool(values.get("notified")),
        decision=Decision(
            decision=Verdict(decision["decision"]),
            by=Person(**decision["by"]),
            at=decision["at"],
            digest=decision["digest"],
            calls={call_id: Verdict(verdict) for call_id, verdict in decision["calls"].items()},
            reason=decision["reason"],
            self_confirmed=bool(decision["self_confirmed"]),
        )
        if decision
        else None,
        outcomes={
            call_id: Outcome(outcome["status"], outcome["text"])
            for call_id, outcome in values.get("outcomes", {}).items()
        },
        ended_by=values.get("ended_by", ""),
        closed_at=values.get("closed_at"),
        told_at=values.get("told_at"),
    )
