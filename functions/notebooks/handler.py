"""A conversation's files up, its notebook and pictures down: the caller's own."""

import gzip
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from http import HTTPStatus
from typing import Any

from functions.notebooks.files import checked_name, content_of, keep, remove
from functions.notebooks.ipynb import ipynb
from functions.shared.aws import client
from functions.shared.conversation_table import ConversationTable
from functions.shared.errors import BadRequest, NotFound, TooLarge
from functions.shared.http import Request, Response, json_response, serve
from functions.shared.identifiers import is_id, new_id, timestamp, utc_now
from functions.shared.notebook import Cell, Notebook
from functions.shared.notebook_store import NotebookStore
from functions.shared.observe import logger
from functions.shared.requesters import check_requester
from functions.shared.sandbox_settings import NotebooksSettings
from functions.shared.uploads import Upload, Uploads

NEW = "new"
"""In place of a conversation's id: one begins."""
ANSWER_BYTES = 4_500_000
"""What fits into Lambda's answer of 6 MB, where bytes travel as base64."""


class NotebookTooLarge(TooLarge):
    code = "notebook_too_large"

    def __init__(self) -> None:
        super().__init__("The notebook is too large to be sent as it is; accept the encoding gzip.")


@dataclass(frozen=True, slots=True)
class Deps:
    conversations: ConversationTable
    uploads: Uploads
    store: NotebookStore
    keep_days: int
    clock: Callable[[], datetime] = utc_now


@cache
def deps() -> Deps:
    settings = NotebooksSettings.load(os.environ)
    dynamodb = client("dynamodb")
    return Deps(
        ConversationTable(dynamodb, settings.conversations_table),
        Uploads(dynamodb, settings.conversations_table),
        NotebookStore(lambda: client("s3"), settings.notebooks_bucket),
        settings.keep_days,
    )


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    return serve(
        event,
        context,
        {
            "PUT /conversations/{conversation_id}/files/{name}": put_file,
            "DELETE /conversations/{conversation_id}/files/{name}": delete_file,
            "GET /conversations/{conversation_id}/notebook": get_notebook,
            "GET /conversations/{conversation_id}/notebook.ipynb": get_ipynb,
            "GET /conversations/{conversation_id}/notebook/cells/{call_id}/pictures/{number}": get_picture,
        },
    )


def put_file(request: Request) -> Response:
    """Keep a new file of a conversation of the caller's, or of one that begins with it."""
    caller = request.signed_in()
    check_requester(caller)
    is_new = request.path_parameters.get("conversation_id") == NEW
    conversation_id = new_id() if is_new else _conversation_id(request)
    name = checked_name(request.path_parameters.get("name", ""))
    content = content_of(request)
    now = deps().clock()
    there: tuple[Upload, ...] = ()
    if is_new:
        deps().uploads.begin(
            caller.sub, conversation_id, timestamp(now), keep_days=deps().keep_days
        )
    else:
        there = deps().uploads.all(caller.sub, conversation_id)
        if not there:
            _check_exists(caller.sub, conversation_id)
    upload = keep(
        deps().store,
        deps().uploads,
        owner=caller.sub,
        conversation_id=conversation_id,
        name=name,
        content=content,
        there=there,
        keep_days=deps().keep_days,
        now=now,
    )
    logger.info("a file was kept", conversation_id=conversation_id, bytes=upload.bytes)
    return json_response(
        {"conversation_id": conversation_id, "name": upload.name, "bytes": upload.bytes},
        status=HTTPStatus.CREATED,
    )


def delete_file(request: Request) -> Response:
    conversation_id = _conversation_id(request)
    name = checked_name(request.path_parameters.get("name", ""))
    owner = request.signed_in().sub
    remove(deps().store, deps().uploads, owner=owner, conversation_id=conversation_id, name=name)
    return Response(HTTPStatus.NO_CONTENT)


def get_notebook(request: Request) -> Response:
    """What there is of files and cells; the code itself stands in the conversation."""
    conversation_id = _conversation_id(request)
    owner = request.signed_in().sub
    files = deps().uploads.all(owner, conversation_id)
    notebook = deps().store.read(owner, conversation_id)
    if not files and not notebook.cells:
        _check_exists(owner, conversation_id)
    return json_response(
        {
            "files": [
                {"name": file.name, "bytes": file.bytes, "created_at": file.at} for file in files
            ],
            "cells": [_cell_view(cell) for cell in notebook.cells],
        }
    )


def get_ipynb(request: Request) -> Response:
    """The notebook as Jupyter's file, to keep; compressed where the client takes that."""
    conversation_id = _conversation_id(request)
    content = ipynb(_notebook(request, conversation_id))
    headers = {
        "Content-Type": "application/x-ipynb+json",
        "Content-Disposition": f'attachment; filename="notebook-{conversation_id}.ipynb"',
        "Vary": "Accept-Encoding",
    }
    if "gzip" in _accepted(request):
        content = gzip.compress(content, mtime=0)
        headers["Content-Encoding"] = "gzip"
    if len(content) > ANSWER_BYTES:
        raise NotebookTooLarge
    return Response(HTTPStatus.OK, content, headers)


def get_picture(request: Request) -> Response:
    """One picture's bytes; a browser that opens it runs nothing of it."""
    notebook = deps().store.read(request.signed_in().sub, _conversation_id(request))
    cell = notebook.cell(request.path_parameters.get("call_id", ""))
    wanted = request.path_parameters.get("number", "")
    for picture in cell.pictures() if cell else ():
        if str(picture.number) == wanted:
            return Response(
                HTTPStatus.OK,
                picture.content,
                {
                    "Content-Type": picture.mime,
                    "Content-Security-Policy": "default-src 'none'; sandbox",
                },
            )
    raise NotFound


def _notebook(request: Request, conversation_id: str) -> Notebook:
    owner = request.signed_in().sub
    notebook = deps().store.read(owner, conversation_id)
    if not notebook.cells:
        _check_exists(owner, conversation_id)
    return notebook


def _conversation_id(request: Request) -> str:
    value = request.path_parameters.get("conversation_id", "")
    if not is_id(value):
        raise BadRequest("This is not the id of a conversation.")
    return value


def _check_exists(owner: str, conversation_id: str) -> None:
    """Raises `NotFound`; another's conversation is not in this owner's part of the table."""
    if not deps().conversations.exists(owner, conversation_id):
        raise NotFound


def _cell_view(cell: Cell) -> dict[str, Any]:
    return {
        "call_id": cell.call_id,
        "agent": cell.agent,
        "function": cell.function,
        "status": cell.status,
        "created_at": cell.at,
        "pictures": [
            {"number": picture.number, "mime": picture.mime, "alt": picture.alt}
            for picture in cell.pictures()
        ],
    }


def _accepted(request: Request) -> set[str]:
    """The encodings a client takes; one with the weight 0 is refused by it."""
    accepted = set()
    for part in request.headers.get("accept-encoding", "").lower().split(","):
        coding, _, weight = part.partition(";")
        if weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000"):
            accepted.add(coding.strip())
    return accepted
