"""`GET /conversations`, `GET` and `DELETE /conversations/{conversation_id}`: the caller's own."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from functions.conversations.transcript import delete_conversation, list_conversations, transcript
from functions.shared.approval_reader import ApprovalReader
from functions.shared.aws import client
from functions.shared.conversation_table import ConversationTable
from functions.shared.errors import BadRequest
from functions.shared.http import Request, Response, json_response, serve, whole_number
from functions.shared.identifiers import is_id
from functions.shared.notebook_store import NotebookStore
from functions.shared.settings import ConversationsSettings

LIST_LIMIT = 100
TURNS_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Deps:
    dynamodb: Any
    conversations: ConversationTable
    approvals: ApprovalReader
    notebooks: NotebookStore | None
    """None where the stack has no sandbox."""


@cache
def deps() -> Deps:
    settings = ConversationsSettings.load(os.environ)
    dynamodb = client("dynamodb")
    bucket = settings.notebooks_bucket
    return Deps(
        dynamodb,
        ConversationTable(dynamodb, settings.conversations_table),
        ApprovalReader(dynamodb, settings.approvals_table),
        NotebookStore(lambda: client("s3"), bucket) if bucket else None,
    )


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    return serve(
        event,
        context,
        {
            "GET /conversations": get_list,
            "GET /conversations/{conversation_id}": get_one,
            "DELETE /conversations/{conversation_id}": delete_one,
        },
    )


def get_list(request: Request) -> Response:
    limit = whole_number(request, "limit", default=30, most=LIST_LIMIT)
    return json_response(
        list_conversations(
            deps().dynamodb,
            deps().conversations.name,
            owner=request.signed_in().sub,
            limit=limit,
            after=request.query.get("after"),
        )
    )


def get_one(request: Request) -> Response:
    return json_response(
        transcript(
            deps().conversations,
            deps().approvals,
            owner=request.signed_in().sub,
            conversation_id=_conversation_id(request),
            limit=whole_number(request, "limit", default=100, most=TURNS_LIMIT),
            before=whole_number(request, "before", default=0, most=999_999) or None,
        )
    )


def delete_one(request: Request) -> Response:
    delete_conversation(
        deps().dynamodb,
        deps().conversations,
        deps().approvals,
        deps().notebooks,
        owner=request.signed_in().sub,
        conversation_id=_conversation_id(request),
    )
    return Response(204)


def _conversation_id(request: Request) -> str:
    value = request.path_parameters.get("conversation_id", "")
    if not is_id(value):
        raise BadRequest("This is not the id of a conversation.")
    return value
