"""Parts of stories that many tests begin or end with."""

from typing import Any

from functions.shared.aws import client
from tests.support.account import APPROVALS
from tests.support.backend import Backend


def approved_request(backend: Backend, *arguments: object) -> str:
    """A request of alice's that carol approved; its id."""
    approval_id = backend.ask(*arguments)
    backend.open(approval_id)
    answer = backend.decide(approval_id)
    assert answer.status == 200, answer.text
    return approval_id


def told(backend: Backend, approval_id: str) -> dict[str, Any]:
    """The approval is closed; the turn as its owner reads it then."""
    backend.record(approval_id)
    [turn] = backend.turns(backend.approval(approval_id).conversation_id)
    return turn


def opened_request(backend: Backend, *arguments: object, by: str = "alice") -> str:
    """A request that waits for its approvers, whose mails are read; its id."""
    approval_id = backend.ask(*arguments, by=by)
    backend.open(approval_id)
    backend.account.mails_of_all()
    return approval_id


def outcomes(backend: Backend, approval_id: str) -> list[tuple[str, str]]:
    """Status and result of each call, as the owner of the conversation reads them."""
    [turn] = backend.turns(backend.approval(approval_id).conversation_id)
    return [(one["status"], one["result"]) for one in turn["tool_calls"]]


def unfinished() -> list[str]:
    """What the sweep would find, whenever it is due."""
    answer = client("dynamodb").query(
        TableName=APPROVALS,
        IndexName="unfinished",
        KeyConditionExpression="unfinished = :yes",
        ExpressionAttributeValues={":yes": {"S": "yes"}},
    )
    return [item["pk"]["S"] for item in answer["Items"]]
