"""The conversations table: one item per turn, appended; the owner is in the key, so another's id finds nothing.

Partition `U#<sub>#C#<conversation>`: turns `T#<n>`, outcomes `T#<n>#R#<call>`, the model's last word `T#<n>#W`,
files `F#<name>`, and `B#` where it began with one (functions/shared/uploads.py): it exists before its first turn then.
Partition `U#<sub>#K`: claims of idempotency keys. The first turn carries the title and the keys of the owner's list.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.shared.approval import Outcome
from functions.shared.aws import while_busy
from functions.shared.turn import ANSWERED, Turn, TurnError, TurnStatus

TITLE_CHARACTERS = 80
READ_ITEMS = 600
TURNS = "T#"
"""How the keys of turns begin; whatever else there is sorts before them, so that the newest items are turns."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """The newest turns of one conversation, oldest first."""

    id: str
    owner: str
    turns: tuple[Turn, ...]

    def newest(self) -> Turn | None:
        return self.turns[-1] if self.turns else None


def partition(owner: str, conversation_id: str) -> str:
    return f"U#{owner}#C#{conversation_id}"


def turn_key(number: int) -> str:
    return f"T#{number:06d}"


class ConversationTable:
    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name

    def read(
        self,
        owner: str,
        conversation_id: str,
        *,
        before: int | None = None,
        limit: int = READ_ITEMS,
    ) -> Conversation | None:
        """One consistent Query of the newest items; None where this owner has no such conversation."""
        answer = self._client.query(
            TableName=self.name,
            KeyConditionExpression="pk = :pk AND sk < :end" if before else "pk = :pk",
            ExpressionAttributeValues={
                ":pk": {"S": partition(owner, conversation_id)},
                **({":end": {"S": turn_key(before)}} if before else {}),
            },
            ConsistentRead=True,
            ScanIndexForward=False,
            Limit=limit,
        )
        if not answer["Items"]:
            return None
        return Conversation(conversation_id, owner, _turns(reversed(answer["Items"])))

    def exists(self, owner: str, conversation_id: str) -> bool:
        """Whether this owner has such a conversation, be it without a turn."""
        answer = self._client.query(
            TableName=self.name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": partition(owner, conversation_id)}},
            ProjectionExpression="pk",
            ConsistentRead=True,
            Limit=1,
        )
        return bool(answer["Items"])

    def title(self, owner: str, conversation_id: str) -> str:
        """What the first turn says it is about."""
        answer = self._client.get_item(
            TableName=self.name,
            Key={"pk": {"S": partition(owner, conversation_id)}, "sk": {"S": turn_key(1)}},
            ProjectionExpression="title",
        )
        return str(answer.get("Item", {}).get("title", {}).get("S", ""))

    def item(
        self, owner: str, conversation_id: str, turn: Turn, *, due_at: int | None = None
    ) -> dict[str, Any]:
        """A turn as its item; the first turn also carries what the owner's list shows.

        `due_at` (epoch seconds) puts it among the unfinished work that the sweep looks after.
        """
        item: dict[str, Any] = {
            "pk": {"S": partition(owner, conversation_id)},
            "sk": {"S": turn_key(turn.number)},
            "status": {"S": turn.status.value},
            "message": {"S": turn.message},
            "reply": {"S": turn.reply},
            "agent": {"S": turn.agent},
            "manifest": {"S": turn.manifest},
            "created_at": {"S": turn.created_at},
            "request": {"S": turn.request},
        }
        if turn.steps:
            item["steps"] = {"S": json.dumps(turn.steps, ensure_ascii=False, separators=(",", ":"))}
        if turn.approval_id:
            item["approval_id"] = {"S": turn.approval_id}
        if turn.error is not None:
            error = {
                "code": turn.error.code,
                "detail": turn.error.detail,
                "retryable": turn.error.retryable,
            }
            item["error"] = {"S": json.dumps(error, ensure_ascii=False)}
        if turn.state:
            item["state"] = {"S": json.dumps(turn.state, ensure_ascii=False, separators=(",", ":"))}
        if turn.notice:
            item["notice"] = {"S": turn.notice}
        if turn.attempts > 1:
            item["attempts"] = {"N": str(turn.attempts)}
        if turn.number == 1:
            item["title"] = {"S": (turn.message or turn.reply)[:TITLE_CHARACTERS]}
            item["owner"] = {"S": owner}
            item["started_at"] = {"S": f"{turn.created_at}#{conversation_id}"}
        if due_at is not None:
            item["unfinished"] = {"S": "yes"}
            item["due_at"] = {"N": str(due_at)}
        return item

    def append(self, item: Mapping[str, Any], others: Iterable[Mapping[str, Any]] = ()) -> None:
        """Write a new turn, alone or in one transaction with others; the number must be free.

        Raises the client's ConditionalCheckFailedException or TransactionCanceledException.
        """
        self._write(item, "attribute_not_exists(pk)", {}, others)

    def replace(
        self,
        item: Mapping[str, Any],
        *,
        was: TurnStatus,
        attempts: int,
        others: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        """Write a turn over itself, from exactly the state that was read."""
        values = {":was": {"S": was.value}}
        condition = "#status = :was AND " + (
            "attempts = :attempts" if attempts > 1 else "attribute_not_exists(attempts)"
        )
        if attempts > 1:
            values[":attempts"] = {"N": str(attempts)}
        self._write(item, condition, values, others)

    def outcome_item(
        self, owner: str, conversation_id: str, number: int, call_id: str, outcome: Outcome, at: str
    ) -> dict[str, Any]:
        """A transaction's part that appends one call's outcome; the same again is no change."""
        return {
            "Put": {
                "TableName": self.name,
                "Item": {
                    "pk": {"S": partition(owner, conversation_id)},
                    "sk": {"S": f"{turn_key(number)}#R#{call_id}"},
                    "status": {"S": outcome.status},
                    "text": {"S": outcome.text},
                    "created_at": {"S": at},
                },
            }
        }

    def append_answer(
        self, owner: str, conversation_id: str, number: int, call_id: str, text: str, at: str
    ) -> None:
        """What the client gave back for its call, once; raises the client's ConditionalCheckFailedException."""
        outcome = Outcome(ANSWERED, text)
        part = self.outcome_item(owner, conversation_id, number, call_id, outcome, at)
        self._write(part["Put"]["Item"], "attribute_not_exists(pk)", {}, ())

    def append_last_word(
        self,
        owner: str,
        conversation_id: str,
        number: int,
        text: str,
        at: str,
        others: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        """The model's last word on a turn, once."""
        item = {
            "pk": {"S": partition(owner, conversation_id)},
            "sk": {"S": f"{turn_key(number)}#W"},
            "text": {"S": text},
            "created_at": {"S": at},
        }
        self._write(item, "attribute_not_exists(pk)", {}, others)

    def _write(
        self,
        item: Mapping[str, Any],
        condition: str,
        values: Mapping[str, Any],
        others: Iterable[Mapping[str, Any]],
    ) -> None:
        put: dict[str, Any] = {
            "TableName": self.name,
            "Item": item,
            "ConditionExpression": condition,
        }
        if "#status" in condition:
            put["ExpressionAttributeNames"] = {"#status": "status"}
        if values:
            put["ExpressionAttributeValues"] = values
        more = list(others)
        if more:
            parts = [{"Put": put}, *more]
            while_busy(lambda: self._client.transact_write_items(TransactItems=parts))
        else:
            self._client.put_item(**put)


def _turns(items: Iterable[Mapping[str, Any]]) -> tuple[Turn, ...]:
    """Items in key order; outcomes whose turn lies before the window are left out with it."""
    turns: list[Turn] = []
    current: Mapping[str, Any] | None = None
    outcomes: dict[str, Outcome] = {}
    last_word = ""
    for item in items:
        if not item["sk"]["S"].startswith(TURNS):
            continue
        _, number, *rest = item["sk"]["S"].split("#", 3)
        if not rest:
            if current is not None:
                turns.append(_turn(current, outcomes, last_word))
            current, outcomes, last_word = item, {}, ""
        elif current is None or current["sk"]["S"] != f"T#{number}":
            continue
        elif rest[0] == "R":
            outcomes[rest[1]] = Outcome(item["status"]["S"], item["text"]["S"])
        elif rest[0] == "W":
            last_word = item["text"]["S"]
    if current is not None:
        turns.append(_turn(current, outcomes, last_word))
    return tuple(turns)


def _turn(item: Mapping[str, Any], outcomes: Mapping[str, Outcome], last_word: str) -> Turn:
    error = json.loads(item["error"]["S"]) if "error" in item else None
    return Turn(
        number=int(item["sk"]["S"][2:]),
        status=TurnStatus(item["status"]["S"]),
        message=item["message"]["S"],
        reply=item["reply"]["S"],
        agent=item["agent"]["S"],
        manifest=item["manifest"]["S"],
        created_at=item["created_at"]["S"],
        request=item["request"]["S"],
        steps=tuple(json.loads(item["steps"]["S"])) if "steps" in item else (),
        approval_id=item["approval_id"]["S"] if "approval_id" in item else None,
        error=TurnError(error["code"], error["detail"], error["retryable"]) if error else None,
        attempts=int(item["attempts"]["N"]) if "attempts" in item else 1,
        outcomes=outcomes,
        last_word=last_word,
        state=json.loads(item["state"]["S"]) if "state" in item else {},
        notice=item["notice"]["S"] if "notice" in item else "",
    )
