"""`POST /approvals/{approval_id}/decision` and `/cancel`; and, invoked directly, `settle` and `repair`.

The only reader of task tokens, and the only one who answers them.
"""

import os
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from functions.decide_approval.decide import (
    Deciding,
    approved_calls,
    cancel,
    decide_by,
    repair,
    settle,
)
from functions.shared.approval import REASON_CHARACTERS, Approval, Person, Verdict
from functions.shared.approval_table import ApprovalTable
from functions.shared.approval_view import approval_view
from functions.shared.audit import AuditTable
from functions.shared.aws import client
from functions.shared.batch import each
from functions.shared.errors import BadRequest, NotAllowed
from functions.shared.http import (
    Body,
    Request,
    Response,
    json_response,
    own_origin_only,
    path_id,
    read_body,
    serve,
)
from functions.shared.identifiers import utc_now
from functions.shared.observe import begin
from functions.shared.people import People, UnknownPerson
from functions.shared.seal import Sealer
from functions.shared.settings import DecideApprovalSettings
from functions.shared.workflow import repeatable


class CallDecision(Body):
    id: str = Field(min_length=1, max_length=64)
    decision: Annotated[Verdict, Field(strict=False)]


class DecisionBody(Body):
    """`digest` is what the page showed; `calls` decides single calls differently from `decision`."""

    decision: Annotated[Verdict, Field(strict=False)]
    digest: str = Field(pattern=r"\A[0-9a-f]{64}\z")
    reason: str = Field(default="", max_length=REASON_CHARACTERS)
    calls: list[CallDecision] = Field(default=[], max_length=8)


class CancelBody(Body):
    pass


class Settle(BaseModel):
    model_config = ConfigDict(frozen=True)

    v: Literal[1, 2]
    command: Literal["settle"]
    approval_id: str


class Repair(BaseModel):
    model_config = ConfigDict(frozen=True)

    v: Literal[1, 2]
    command: Literal["repair"]
    approval_id: str = ""
    """The first release hands over one id."""
    approval_ids: Annotated[list[str], Field(max_length=25)] = []


class NoLongerHere(NotAllowed):
    code = "not_an_approver"

    def __init__(self) -> None:
        super().__init__("Your account is not active any more.")


_COMMANDS: TypeAdapter[Settle | Repair] = TypeAdapter(
    Annotated[Settle | Repair, Field(discriminator="command")]
)


@cache
def deps() -> Deciding:
    settings = DecideApprovalSettings.load(os.environ)
    dynamodb = client("dynamodb")
    return Deciding(
        approvals=ApprovalTable(dynamodb, settings.approvals_table, settings.audit_table),
        dynamodb=dynamodb,
        task_tokens_table=settings.task_tokens_table,
        states=client("stepfunctions"),
        people=People(client("cognito-idp"), settings.user_pool_id),
        sealer=Sealer(client("kms"), settings.decision_key),
        audit=AuditTable(dynamodb, settings.audit_table),
        time_zone=settings.time_zone,
        fresh_sign_in_seconds=settings.fresh_sign_in_seconds,
        origin=settings.origin,
        self_confirm=settings.self_confirm,
        clock=utc_now,
    )


@repeatable
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    if "command" in event:
        begin(context)
        return _invoked(_COMMANDS.validate_python(event))
    return serve(
        event,
        context,
        {
            "POST /approvals/{approval_id}/decision": post_decision,
            "POST /approvals/{approval_id}/cancel": post_cancel,
        },
    )


def post_decision(request: Request) -> Response:
    """Decide once; the same person, decision and digest again gets the stored decision."""
    own_origin_only(request, deps().origin)
    approval_id = path_id(request, "approval_id")
    body = read_body(request, DecisionBody)
    verdicts = {call.id: call.decision for call in body.calls}
    if len(verdicts) != len(body.calls):
        raise BadRequest("The decision names a call twice.")
    caller = request.signed_in()
    try:
        approval = decide_by(
            deps(),
            caller.sub,
            approval_id,
            signed_in_at=caller.auth_time,
            verdict=body.decision,
            digest=body.digest,
            calls=verdicts,
            reason=_plain(body.reason),
        )
    except UnknownPerson as error:
        raise NoLongerHere from error
    return _shown(request, approval)


def post_cancel(request: Request) -> Response:
    """The requester takes the request back, if nobody has decided it."""
    own_origin_only(request, deps().origin)
    approval_id = path_id(request, "approval_id")
    read_body(request, CancelBody)
    return _shown(request, cancel(deps(), request.signed_in().sub, approval_id))


def _plain(reason: str) -> str:
    """The reason without control and direction characters, which would show it otherwise than it was written."""
    kept = (one if one.isprintable() or one == "\n" else " " for one in reason)
    return "".join(kept).strip()


def _invoked(command: Settle | Repair) -> dict[str, Any]:
    if isinstance(command, Settle):
        approval = settle(deps(), command.approval_id)
        return {
            "v": command.v,
            "status": approval.status.value,
            "digest": approval.digest,
            "approved_calls": approved_calls(approval),
        }
    if command.approval_ids:
        each(command.approval_ids, lambda approval_id: repair(deps(), approval_id))
    else:
        repair(deps(), command.approval_id)
    return {"v": command.v}


def _shown(request: Request, approval: Approval) -> Response:
    caller = request.signed_in()
    return json_response(
        approval_view(
            approval,
            audit=deps().audit.rows(approval.id),
            time_zone=deps().time_zone,
            reader=Person(caller.sub),
            groups=caller.groups,
            self_confirm=deps().self_confirm,
            now=deps().clock(),
        )
    )
