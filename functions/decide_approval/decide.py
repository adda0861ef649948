"""Deciding: entitlement read now, one conditional write, then the task token is answered."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any

from functions.decide_approval.figures import note_decision
from functions.shared.approval import (
    DECIDED,
    OPEN,
    AlreadyClosed,
    AlreadyDecided,
    Approval,
    Decision,
    Person,
    Seal,
    Status,
    Verdict,
    decide,
)
from functions.shared.approval_table import ApprovalTable, TransitionLost
from functions.shared.audit import AuditTable
from functions.shared.aws import error_code
from functions.shared.entitlement import OwnRequest, check_entitled
from functions.shared.errors import NotFound, ProductError, Unavailable
from functions.shared.identifiers import timestamp
from functions.shared.observe import (
    APPROVALS_EXPIRED,
    LAUNCHES_REFUSED,
    asked_in,
    count,
    logger,
)
from functions.shared.people import People
from functions.shared.plan import digest_of
from functions.shared.seal import Sealer

TOKEN_IS_SPENT = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})
"""SendTaskSuccess: the token was answered, timed out or its execution ended.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html"""
TRIES = 5
UNREACHED = "No approver could be reached; ask your operator."
UNPREPARED = "It could not be prepared for an approver."


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    approvals: ApprovalTable
    dynamodb: Any
    task_tokens_table: str
    states: Any
    people: People
    sealer: Sealer
    audit: AuditTable
    origin: str
    time_zone: str
    fresh_sign_in_seconds: int
    self_confirm: bool
    clock: Callable[[], datetime]


class NotSealed(Unavailable):
    code = "not_sealed"

    def __init__(self) -> None:
        super().__init__(
            "The decision could not be sealed, so nothing was decided; try again.",
            headers={"Retry-After": "5"},
        )


class SignInAgain(ProductError):
    """RFC 9470: the sign-in that the token stands for is too old for this."""

    status = HTTPStatus.UNAUTHORIZED
    code = "sign_in_again"

    def __init__(self, seconds: int) -> None:
        super().__init__(
            "Your sign-in is too long ago for an approval; sign in again.",
            headers={
                "WWW-Authenticate": f'Bearer error="insufficient_user_authentication", max_age={seconds}'
            },
        )


class StillChanging(Unavailable):
    code = "still_changing"

    def __init__(self) -> None:
        super().__init__(
            "This request is changing right now; try again.", headers={"Retry-After": "1"}
        )


def decide_by(
    deps: Deciding,
    sub: str,
    approval_id: str,
    *,
    signed_in_at: int,
    verdict: Verdict,
    digest: str,
    calls: Mapping[str, Verdict],
    reason: str,
) -> Approval:
    """One person's decision: stored once, then the workflow is resumed; both outcomes are answers, not failures.

    Raises the refusals of approval.py; a lost race is judged again on what is stored then.
    """
    logger.append_keys(approval_id=approval_id)
    person, groups = deps.people.person(sub), deps.people.groups(sub)
    for _ in range(TRIES):
        approval = _read(deps, approval_id)
        try:
            check_entitled(approval, person, groups, self_confirm=deps.self_confirm)
        except OwnRequest:
            _note_own_attempt(deps, approval, person)
            raise
        now = deps.clock()
        if verdict is Verdict.APPROVE and approval.decision is None:
            _check_fresh(deps, signed_in_at, now)
        decision = decide(
            approval,
            verdict,
            digest=digest,
            calls=calls,
            reason=reason,
            by=person,
            now=now,
            at=timestamp(now),
        )
        if approval.decision is None:
            sealed = replace(decision, seal=_seal(deps, approval_id, decision))
            try:
                deps.approvals.decide(approval, sealed, now)
            except TransitionLost:
                continue
            note_decision(approval, decision, now)
            approval = _read(deps, approval_id)
        _resume(deps, approval)
        return approval
    raise StillChanging


def cancel(deps: Deciding, sub: str, approval_id: str) -> Approval:
    """The requester's own open request ends; the same again gets the cancelled record."""
    logger.append_keys(approval_id=approval_id)
    for _ in range(TRIES):
        approval = _read(deps, approval_id)
        if approval.requester.sub != sub:
            raise NotFound
        if approval.decision is not None:
            raise AlreadyDecided(approval.decision)
        if approval.status is Status.CANCELLED:
            _resume(deps, approval)
            return approval
        if approval.status not in OPEN or approval.has_expired(deps.clock()):
            raise AlreadyClosed(Status.EXPIRED if approval.status in OPEN else approval.status)
        try:
            deps.approvals.end_undecided(
                approval, Status.CANCELLED, deps.clock(), "The requester took it back.", sub
            )
        except TransitionLost:
            continue
        approval = _read(deps, approval_id)
        _resume(deps, approval)
        return approval
    raise StillChanging


def settle(deps: Deciding, approval_id: str) -> Approval:
    """The workflow's wait is over: whatever the record says now is final, so approve and expire have one winner."""
    for _ in range(TRIES):
        approval = _read(deps, approval_id)
        if approval.status not in OPEN:
            return approval
        now = deps.clock()
        to, why = Status.EXPIRED, ""
        if approval.status is Status.PREPARING:
            to, why = Status.FAILED, UNPREPARED
        elif not approval.has_expired(now):
            to, why = Status.FAILED, UNREACHED
        try:
            deps.approvals.end_undecided(approval, to, now, why, "decide_approval")
        except TransitionLost:
            continue
        if to is Status.EXPIRED:
            count(APPROVALS_EXPIRED)
        logger.info("approval ended undecided", status=to.value)
    raise StillChanging


def approved_calls(approval: Approval) -> list[str]:
    """The calls that may run: none where the plan is not what was shown and decided on."""
    decision = approval.decision
    if approval.status is not Status.APPROVED or decision is None:
        return []
    if not approval.digest == decision.digest == digest_of(approval.plan):
        logger.error("the plan differs from what was decided on")
        count(LAUNCHES_REFUSED)
        return []
    return decision.approved_calls()


def repair(deps: Deciding, approval_id: str) -> None:
    """Take the step that a crash left: expire what is overdue, and answer the token of what is no longer open."""
    logger.append_keys(approval_id=approval_id)
    approval = _read(deps, approval_id)
    if approval.status is Status.PENDING and approval.has_expired(deps.clock()):
        approval = settle(deps, approval_id)
    if approval.status not in OPEN and approval.closed_at is None:
        _resume(deps, approval)


def _check_fresh(deps: Deciding, signed_in_at: int, now: datetime) -> None:
    allowed = deps.fresh_sign_in_seconds
    if allowed and now.timestamp() - signed_in_at > allowed:
        raise SignInAgain(allowed)


def _note_own_attempt(deps: Deciding, approval: Approval, person: Person) -> None:
    """An attempt on one's own request stands in the audit, once."""
    logger.warning("a requester tried to decide their own request", person=person.sub)
    if approval.own_attempt:
        return
    try:
        deps.approvals.write(
            deps.approvals.note_items(
                approval,
                event="own_request_refused",
                actor=person.sub,
                details={},
                now=deps.clock(),
                set_values={"own_attempt": True},
            )
        )
    except TransitionLost:
        logger.info("the record changed meanwhile; the attempt is in the log only")


def _seal(deps: Deciding, approval_id: str, decision: Decision) -> Seal:
    """Made before anything is stored: a decision without its seal would launch nothing."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return deps.sealer.seal(approval_id, decision)
    except (BotoCoreError, ClientError) as error:
        logger.error("the decision could not be sealed", code=error_code(error))
        raise NotSealed from error


def _read(deps: Deciding, approval_id: str) -> Approval:
    approval = deps.approvals.get(approval_id)
    if approval is None:
        raise NotFound
    asked_in(approval.request_id)
    return approval


def _resume(deps: Deciding, approval: Approval) -> None:
    """Answer the task token; what fails here is repaired by the sweep, since the record is the decision."""
    from botocore.exceptions import BotoCoreError, ClientError

    if approval.closed_at is not None:
        return
    try:
        stored = deps.dynamodb.get_item(
            TableName=deps.task_tokens_table,
            Key={"approval_id": {"S": approval.id}},
            ConsistentRead=True,
        )
        if "Item" not in stored:
            logger.info("no task token waits for this approval")
            return
        deps.states.send_task_success(
            taskToken=stored["Item"]["task_token"]["S"],
            output=json.dumps(
                {
                    "v": 2,
                    "approval_id": approval.id,
                    "status": approval.status.value,
                    "digest": approval.digest,
                    "calls": approved_calls(approval),
                }
            ),
        )
    except ClientError as error:
        if error_code(error) in TOKEN_IS_SPENT:
            log = logger.info if approval.status not in DECIDED else logger.warning
            log("the task token was spent already", code=error_code(error))
            return
        logger.warning("the workflow is resumed by the sweep", code=error_code(error))
    except BotoCoreError as error:
        logger.warning("the workflow is resumed by the sweep", code=type(error).__name__)
