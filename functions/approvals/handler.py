"""`GET /approvals` and `GET /approvals/{approval_id}`: the inbox and one approval. Nothing here decides."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any

from functions.shared.approval import Approval, Person, Status
from functions.shared.approval_reader import ApprovalReader
from functions.shared.approval_view import approval_row, approval_view
from functions.shared.audit import AuditTable
from functions.shared.aws import client
from functions.shared.errors import BadRequest, NotFound
from functions.shared.http import (
    Caller,
    Request,
    Response,
    json_response,
    path_id,
    serve,
    whole_number,
)
from functions.shared.identifiers import is_id, utc_now
from functions.shared.settings import ApprovalsSettings

READERS = frozenset({"auditors", "operators"})
"""Groups that may read every approval; rights to decide are read from the user pool at decision time."""
LIST_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Deps:
    approvals: ApprovalReader
    audit: AuditTable
    time_zone: str
    self_confirm: bool


@cache
def deps() -> Deps:
    settings = ApprovalsSettings.load(os.environ)
    dynamodb = client("dynamodb")
    return Deps(
        ApprovalReader(dynamodb, settings.approvals_table),
        AuditTable(dynamodb, settings.audit_table),
        settings.time_zone,
        settings.self_confirm,
    )


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    return serve(
        event,
        context,
        {"GET /approvals": get_list, "GET /approvals/{approval_id}": get_one},
    )


def get_list(request: Request) -> Response:
    """Approvals of one status, newest first: all for auditors, an approver's to decide, and the caller's own."""
    caller = request.signed_in()
    text = request.query.get("status", Status.PENDING.value)
    if text not in set(Status):
        raise BadRequest("There is no such status.")
    limit = whole_number(request, "limit", default=30, most=LIST_LIMIT)
    after = request.query.get("after")
    if after is not None and (len(after) != 47 or not is_id(after[21:])):
        raise BadRequest("This is not a place in the list.")
    found, cursor = deps().approvals.with_status(Status(text), limit=limit, after=after)
    now = utc_now()
    rows = [_row(approval, caller, now) for approval in found if _may_read(approval, caller)]
    return json_response({"approvals": rows, "after": cursor})


def get_one(request: Request) -> Response:
    """One approval with its plan and digest; unknown and not yours are the same answer."""
    caller = request.signed_in()
    approval = deps().approvals.get(path_id(request, "approval_id"))
    if approval is None or not _may_read(approval, caller):
        raise NotFound
    view = approval_view(
        approval,
        audit=deps().audit.rows(approval.id),
        time_zone=deps().time_zone,
        reader=Person(caller.sub),
        groups=caller.groups,
        self_confirm=deps().self_confirm,
        now=utc_now(),
    )
    response = json_response(view)
    etag = f'"{sha256(str(response.body).encode()).hexdigest()[:32]}"'
    if request.headers.get("if-none-match") == etag:
        return Response(304, "", {"ETag": etag})
    return Response(response.status, response.body, {**response.headers, "ETag": etag})


def _row(approval: Approval, caller: Caller, now: datetime) -> dict[str, Any]:
    return approval_row(
        approval,
        reader=Person(caller.sub),
        groups=caller.groups,
        self_confirm=deps().self_confirm,
        now=now,
    )


def _may_read(approval: Approval, caller: Caller) -> bool:
    if approval.requester.sub == caller.sub or READERS & caller.groups:
        return True
    return approval.can_be_countersigned_by(caller.sub, caller.groups)
