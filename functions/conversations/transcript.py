"""A conversation as its owner reads it: the list, the transcript with live approvals, and deletion."""

from typing import Any

from functions.shared.approval import Approval
from functions.shared.approval_reader import ApprovalReader
from functions.shared.conversation_table import (
    TITLE_CHARACTERS,
    Conversation,
    ConversationTable,
    partition,
)
from functions.shared.errors import BadRequest, Conflict, NotFound
from functions.shared.identifiers import is_id
from functions.shared.notebook_store import NotebookStore
from functions.shared.turn import Turn, TurnStatus, turn_view

ITEMS_PER_TURN = 10
"""A turn, its outcomes (at most 8) and the last word."""


class ApprovalPending(Conflict):
    code = "approval_pending"

    def __init__(self) -> None:
        super().__init__(
            "A request of this conversation still waits or runs; cancel it or wait, then delete the conversation."
        )


class StillWorking(Conflict):
    code = "turn_in_progress"

    def __init__(self) -> None:
        super().__init__(
            "A message of this conversation is still being answered; delete it afterwards."
        )


def list_conversations(
    dynamodb: Any, table: str, *, owner: str, limit: int, after: str | None
) -> dict[str, Any]:
    """Newest first by start; `after` is the cursor of the page before."""
    query: dict[str, Any] = {
        "TableName": table,
        "IndexName": "owner_list",
        "KeyConditionExpression": "#owner = :owner",
        "ExpressionAttributeNames": {"#owner": "owner"},
        "ExpressionAttributeValues": {":owner": {"S": owner}},
        "ScanIndexForward": False,
        "Limit": limit,
    }
    if after is not None:
        started_at, _, conversation_id = after.partition("_")
        if not is_id(conversation_id) or len(started_at) != 20:
            raise BadRequest("This is not a place in the list.")
        query["ExclusiveStartKey"] = {
            "pk": {"S": partition(owner, conversation_id)},
            "sk": {"S": "T#000001"},
            "owner": {"S": owner},
            "started_at": {"S": f"{started_at}#{conversation_id}"},
        }
    answer = dynamodb.query(**query)
    rows = []
    for item in answer["Items"]:
        started_at, _, conversation_id = item["started_at"]["S"].partition("#")
        rows.append(
            {
                "conversation_id": conversation_id,
                "title": item["title"]["S"],
                "agent": item["agent"]["S"],
                "started_at": started_at,
            }
        )
    cursor = None
    if "LastEvaluatedKey" in answer:
        cursor = answer["LastEvaluatedKey"]["started_at"]["S"].replace("#", "_")
    return {"conversations": rows, "after": cursor}


def transcript(
    conversations: ConversationTable,
    approvals: ApprovalReader,
    *,
    owner: str,
    conversation_id: str,
    limit: int,
    before: int | None,
) -> dict[str, Any]:
    """The newest `limit` turns (before `before`), oldest first; raises `NotFound` for another's."""
    conversation = conversations.read(
        owner, conversation_id, before=before, limit=limit * ITEMS_PER_TURN
    )
    if conversation is None:
        raise NotFound
    turns = conversation.turns[-limit:]
    live = _live_approvals(approvals, turns)
    is_whole = bool(turns) and turns[0].number == 1
    return {
        "conversation_id": conversation_id,
        "title": turns[0].message[:TITLE_CHARACTERS]
        if is_whole
        else conversations.title(owner, conversation_id),
        "agent": turns[-1].agent if turns else "",
        "turns": [_turn_with_message(conversation_id, turn, live) for turn in turns],
        "before": None if is_whole or not turns else turns[0].number,
    }


def delete_conversation(
    dynamodb: Any,
    conversations: ConversationTable,
    approvals: ApprovalReader,
    notebooks: NotebookStore | None,
    *,
    owner: str,
    conversation_id: str,
) -> None:
    """Remove notebook and files, then every item; refused while something of it waits or runs.

    The approvals' own records stay. A repeat goes on where an earlier one broke off.
    """
    conversation = conversations.read(owner, conversation_id)
    if conversation is None:
        raise NotFound
    _check_nothing_runs(conversation, approvals)
    if notebooks is not None:
        notebooks.forget(owner, conversation_id)
    key: dict[str, Any] | None = {}
    while key is not None:
        page = dynamodb.query(
            TableName=conversations.name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": partition(owner, conversation_id)}},
            ProjectionExpression="pk, sk",
            ConsistentRead=True,
            **({"ExclusiveStartKey": key} if key else {}),
        )
        _delete_all(dynamodb, conversations.name, page["Items"])
        key = page.get("LastEvaluatedKey")


def _check_nothing_runs(conversation: Conversation, approvals: ApprovalReader) -> None:
    if any(turn.status is TurnStatus.WORKING for turn in conversation.turns):
        raise StillWorking
    waiting = [
        turn.approval_id for turn in conversation.turns if turn.approval_id and turn.waiting_calls()
    ]
    if any(approval.closed_at is None for approval in approvals.get_many(waiting).values()):
        raise ApprovalPending


def _delete_all(dynamodb: Any, table: str, items: list[dict[str, Any]]) -> None:
    for first in range(0, len(items), 25):
        wanted = [{"DeleteRequest": {"Key": item}} for item in items[first : first + 25]]
        while wanted:
            answer = dynamodb.batch_write_item(RequestItems={table: wanted})
            wanted = answer.get("UnprocessedItems", {}).get(table, [])


def _live_approvals(approvals: ApprovalReader, turns: tuple[Turn, ...]) -> dict[str, Approval]:
    """The records of the newest approvals shown; older ones stand by their outcomes."""
    ids = dict.fromkeys(turn.approval_id for turn in reversed(turns) if turn.approval_id)
    return approvals.get_many(list(ids)[:100])


def _turn_with_message(
    conversation_id: str, turn: Turn, live: dict[str, Approval]
) -> dict[str, Any]:
    approval = live.get(turn.approval_id) if turn.approval_id else None
    view = turn_view(conversation_id, turn, approval)
    return {**view, "message": turn.message, "created_at": turn.created_at}
