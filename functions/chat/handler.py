"""`POST /chat`: one turn; `POST /conversations/{conversation_id}/tool_results`: what the client was asked to do."""

import json
import os
import time
from collections.abc import Callable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

from pydantic import Field

from functions.chat.chat_deps import Asked, ChatDeps, Taken
from functions.chat.compose import compose
from functions.chat.history import RESULT_BYTES, result_text
from functions.chat.idempotency import Claim, fingerprint, key_of
from functions.chat.model import STATUS_OF
from functions.chat.take_turn import TurnInProgress, take_turn
from functions.chat.tool_results import ClientResult, take_result
from functions.shared.conversation_table import Conversation
from functions.shared.errors import BadRequest, NotFound, ProductError, TooLarge
from functions.shared.http import Body, Request, Response, json_response, read_body, serve
from functions.shared.identifiers import is_id
from functions.shared.observe import logger
from functions.shared.requesters import check_requester
from functions.shared.settings import ChatSettings
from functions.shared.turn import Turn, TurnError, TurnStatus, turn_view

MESSAGE_BYTES = 32 * 1024
TURN_SECONDS = 24.0
"""The HTTP API gives up at 30 s."""
LAMBDA_RESERVE_SECONDS = 3.0


class ChatBody(Body):
    """Clients send only what a user says: roles, history, tool calls and "approved" are unknown fields."""

    message: str = Field(default="", validate_default=False)
    conversation_id: str | None = None
    agent: str | None = Field(default=None, max_length=64)


class ToolResultBody(Body):
    """What the client's own function gave back: text, or a JSON value."""

    tool_call_id: str = Field(min_length=1, max_length=64)
    result: Any


class ResultTooLarge(TooLarge):
    code = "result_too_large"

    def __init__(self) -> None:
        super().__init__(f"A result is at most {RESULT_BYTES // 1024} KB.")


class MessageTooLarge(TooLarge):
    code = "message_too_large"

    def __init__(self) -> None:
        super().__init__(f"A message is at most {MESSAGE_BYTES // 1024} KB.")


class TurnFailed(ProductError):
    """The model gave no answer; the message is stored, and `turn` says where."""

    def __init__(self, taken: Taken, error: TurnError) -> None:
        super().__init__(
            error.detail,
            extra={
                "conversation_id": taken.conversation_id,
                "turn": taken.turn.number,
                "retryable": error.retryable,
            },
            headers={"Retry-After": "5"} if error.retryable else {},
        )
        self.code = error.code
        self.status = STATUS_OF.get(error.code, HTTPStatus.BAD_GATEWAY)


@cache
def deps() -> ChatDeps:
    return compose(ChatSettings.load(os.environ))


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    return serve(
        event,
        context,
        {
            "POST /chat": post_chat,
            "POST /conversations/{conversation_id}/tool_results": post_tool_result,
        },
    )


def post_chat(request: Request) -> Response:
    """Take one turn and answer it; 202 while it goes on in the background."""
    seconds_left = _time_of(request)
    body = read_body(request, ChatBody)
    if len(body.message.encode()) > MESSAGE_BYTES:
        raise MessageTooLarge
    if not body.message.strip() and ("message" in body.model_fields_set or body.conversation_id):
        raise BadRequest("The message is empty.")
    if body.conversation_id is not None and not is_id(body.conversation_id):
        raise BadRequest("This is not the id of a conversation.")
    return _answer(_take(deps(), request, body, seconds_left=seconds_left))


def post_tool_result(request: Request) -> Response:
    """Take the result of one call that the client was handed; with the last one, the agent goes on."""
    seconds_left = _time_of(request)
    body = read_body(request, ToolResultBody)
    conversation_id = request.path_parameters.get("conversation_id", "")
    if not is_id(conversation_id):
        raise BadRequest("This is not the id of a conversation.")
    text = body.result if isinstance(body.result, str) else json.dumps(body.result)
    if len(text.encode("utf-8", "replace")) > RESULT_BYTES:
        raise ResultTooLarge
    caller = request.signed_in()
    check_requester(caller)
    logger.append_keys(conversation_id=conversation_id)
    given = ClientResult(
        caller.sub,
        caller.groups,
        conversation_id,
        body.tool_call_id,
        result_text(text),
        request.request_id,
    )
    return _answer(take_result(deps(), given, seconds_left=seconds_left))


def _time_of(request: Request) -> Callable[[], float]:
    """How many seconds this request still has."""
    started = time.monotonic()
    allowed = min(TURN_SECONDS, request.milliseconds_left() / 1000 - LAMBDA_RESERVE_SECONDS)
    return lambda: allowed - (time.monotonic() - started)


def _answer(taken: Taken) -> Response:
    if taken.turn.error is not None:
        raise TurnFailed(taken, taken.turn.error)
    view = turn_view(taken.conversation_id, taken.turn, taken.approval)
    if taken.turn.status is TurnStatus.WORKING:
        return json_response(view, status=HTTPStatus.ACCEPTED, headers={"Retry-After": "2"})
    return json_response(view)


def _take(
    chat: ChatDeps, request: Request, body: ChatBody, *, seconds_left: Callable[[], float]
) -> Taken:
    caller = request.signed_in()
    conversation_id = body.conversation_id or chat.new_id()
    header = request.headers.get("idempotency-key")
    claim: Claim | None = None
    if header is not None:
        claim = chat.claims.claim(
            caller.sub,
            key_of(header),
            body=fingerprint(body.model_dump()),
            conversation_id=conversation_id,
            now=chat.clock(),
        )
        conversation_id = claim.conversation_id
    logger.append_keys(conversation_id=conversation_id)
    try:
        earlier, conversation = None, None
        if claim is not None and not claim.is_held:
            claim, earlier, conversation = _answer_of(chat, claim, seconds_left)
            if earlier is not None and earlier.status is not TurnStatus.FAILED:
                approval = chat.approvals.get(earlier.approval_id) if earlier.approval_id else None
                return Taken(conversation_id, earlier, approval)
        elif body.conversation_id is not None:
            conversation = chat.conversations.read(caller.sub, conversation_id)
        if body.conversation_id is not None and conversation is None:
            raise NotFound
        check_requester(caller)
        asked = Asked(
            owner=caller.sub,
            conversation_id=conversation_id,
            message=body.message,
            agent_id=body.agent,
            request=claim.key if claim else request.request_id,
            groups=caller.groups,
            request_id=request.request_id,
        )
        return take_turn(chat, asked, conversation, seconds_left=seconds_left, instead_of=earlier)
    except ProductError:
        if claim is not None and claim.is_held:
            chat.claims.release(claim)
        raise


def _answer_of(
    chat: ChatDeps, claim: Claim, seconds_left: Callable[[], float]
) -> tuple[Claim, Turn | None, Conversation | None]:
    """The turn an earlier request with this key made; waits for one that is being made, takes over a crashed one."""
    while True:
        conversation = chat.conversations.read(claim.owner, claim.conversation_id)
        turns = conversation.turns if conversation else ()
        found = next((turn for turn in reversed(turns) if turn.request == claim.key), None)
        if found is not None:
            return claim, found, conversation
        if claim.is_stale(chat.clock()):
            held = chat.claims.take_over(claim, chat.clock())
            if held is None:
                raise TurnInProgress
            return held, None, conversation
        if seconds_left() < 2:
            raise TurnInProgress
        chat.sleep(0.5)
