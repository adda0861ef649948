"""Deciding: entitlement read now, one conditional write, then the task token is answered."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.shared.approval import (
    DECIDED,
    OPEN,
    AlreadyClosed,
    AlreadyDecided,
    Approval,
    Status,
    Verdict,
    check_entitled,
    decide,
)
from functions.shared.approval_table import ApprovalTable
from functions.shared.aws import error_code
from functions.shared.errors import NotFound, Unavailable
from functions.shared.identifiers import timestamp
from functions.shared.observe import APPROVALS_DECIDED, APPROVALS_EXPIRED, count, logger
from functions.shared.people import People

TOKEN_IS_SPENT = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})
"""SendTaskSuccess: the token was answered, timed out or its execution ended.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html"""
TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    approvals: ApprovalTable
    dynamodb: Any
    task_tokens_table: str
    states: Any
    people: People
    origin: str
    self_confirm: bool
    clock: Callable[[], datetime]


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
        check_entitled(approval, person, groups, self_confirm=deps.self_confirm)
        now = deps.clock()
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
            try:
                deps.approvals.decide(approval, decision, now)
            except deps.dynamodb.exceptions.ConditionalCheckFailedException:
                continue
            logger.info("approval was decided", decision=decision.decision.value)
            count(APPROVALS_DECIDED, decision=decision.decision.value)
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
                approval, Status.CANCELLED, deps.clock(), "The requester took it back."
            )
        except deps.dynamodb.exceptions.ConditionalCheckFailedException:
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
        has_failed = approval.status is Status.PREPARING
        to = Status.FAILED if has_failed else Status.EXPIRED
        try:
            deps.approvals.end_undecided(approval, to, deps.clock())
        except deps.dynamodb.exceptions.ConditionalCheckFailedException:
            continue
        if to is Status.EXPIRED:
            count(APPROVALS_EXPIRED)
        logger.info("approval ended undecided", status=to.value)
    raise StillChanging


def repair(deps: Deciding, approval_id: str) -> None:
    """Take the step that a crash left: expire what is overdue, and answer the token of what is no longer open."""
    logger.append_keys(approval_id=approval_id)
    approval = _read(deps, approval_id)
    if approval.status is Status.PENDING and approval.has_expired(deps.clock()):
        approval = settle(deps, approval_id)
    if approval.status not in OPEN and approval.closed_at is None:
        _resume(deps, approval)


def _read(deps: Deciding, approval_id: str) -> Approval:
    approval = deps.approvals.get(approval_id)
    if approval is None:
        raise NotFound
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
                {"v": 1, "approval_id": approval.id, "status": approval.status.value}
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
