"""The state RequestApproval: stores the task token, opens the approval, and only then notifies the approvers."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict

from functions.shared.approval import APPROVERS, Approval, Status
from functions.shared.approval_table import ApprovalTable
from functions.shared.aws import client, error_code
from functions.shared.channels import Channel, channel_of
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.identifiers import utc_now
from functions.shared.mails import asked_mail
from functions.shared.observe import begin, logger
from functions.shared.people import People
from functions.shared.settings import RequestApprovalSettings

TOKEN_SLACK_SECONDS = 24 * 3600
TRIES = 3


class RequestApprovalEvent(BaseModel):
    model_config = ConfigDict(frozen=True)

    v: Literal[1]
    approval_id: str
    digest: str
    task_token: str


class ApprovalNotOpen(Exception):
    """The approval ended before anyone was asked, or is not the one this execution was started for."""


class NoApprover(Exception):
    """Nobody but the requester could decide this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requesting:
    settings: RequestApprovalSettings
    approvals: ApprovalTable
    dynamodb: Any
    people: People
    channel: Channel
    clock: Callable[[], datetime]


@cache
def deps() -> Requesting:
    settings = RequestApprovalSettings.load(os.environ)
    dynamodb = client("dynamodb")
    return Requesting(
        settings=settings,
        approvals=ApprovalTable(dynamodb, settings.approvals_table),
        dynamodb=dynamodb,
        people=People(client("cognito-idp"), settings.user_pool_id),
        channel=channel_of(
            settings.channel, topic_arn=settings.topic_arn, mail_from=settings.mail_from
        ),
        clock=utc_now,
    )


def handler(event: Mapping[str, Any], context: Any) -> None:
    begin(context)
    request_approval(deps(), RequestApprovalEvent.model_validate(event))


def request_approval(deps: Requesting, event: RequestApprovalEvent) -> None:
    """Open the approval for its approvers; again, it replaces the token and mails nobody twice.

    Raises `ApprovalNotOpen`, `NoApprover`, or `TemporarilyUnavailable` where the workflow should try again.
    """
    logger.append_keys(approval_id=event.approval_id)
    approval = _open(deps, event)
    if approval.notified:
        logger.info("approvers were notified before; only the token was replaced")
        return
    mail = asked_mail(
        approval,
        requester=approval.requester,
        expires_at=approval.expires_at or 0,
        origin=deps.settings.origin,
        stage=deps.settings.stage,
        time_zone=deps.settings.time_zone,
    )
    sent = 0
    for person in approval.asked:
        try:
            deps.channel.send(person.email, mail)
            sent += 1
        except (BotoCoreError, ClientError) as error:
            logger.warning(
                "an approver could not be notified", person=person.sub, code=error_code(error)
            )
    if not sent:
        raise TemporarilyUnavailable("No approver could be notified.")
    deps.approvals.mark_notified(approval.id)
    logger.info("approvers were notified", people=sent)


def _open(deps: Requesting, event: RequestApprovalEvent) -> Approval:
    for _ in range(TRIES):
        approval = deps.approvals.get(event.approval_id)
        if approval is None or approval.digest != event.digest:
            raise ApprovalNotOpen(event.approval_id)
        if approval.status is Status.PREPARING:
            part = _opening(deps, approval)
        elif approval.status is Status.PENDING:
            part = deps.approvals.check_item(approval)
        else:
            raise ApprovalNotOpen(event.approval_id)
        try:
            deps.dynamodb.transact_write_items(TransactItems=[_token_put(deps, event), part])
        except deps.dynamodb.exceptions.TransactionCanceledException:
            continue
        opened = deps.approvals.get(event.approval_id)
        if opened is not None and opened.status is Status.PENDING:
            return opened
    raise TemporarilyUnavailable("The approval is changing right now.")


def _opening(deps: Requesting, approval: Approval) -> dict[str, Any]:
    requester = deps.people.person(approval.requester.sub)
    approvers = deps.people.members(APPROVERS)
    asked = [person for person in approvers if not person.is_same_as(requester)]
    if deps.settings.self_confirm and requester.email:
        asked.append(requester)
    if not asked:
        deps.approvals.end_undecided(
            approval, Status.FAILED, deps.clock(), "There is no approver who could decide it."
        )
        raise NoApprover(approval.id)
    expires_at = int(deps.clock().timestamp()) + deps.settings.approval_timeout_seconds
    return deps.approvals.open_item(
        approval, requester=requester, asked=asked, expires_at=expires_at
    )


def _token_put(deps: Requesting, event: RequestApprovalEvent) -> dict[str, Any]:
    lifetime = deps.settings.approval_timeout_seconds + TOKEN_SLACK_SECONDS
    return {
        "Put": {
            "TableName": deps.settings.task_tokens_table,
            "Item": {
                "approval_id": {"S": event.approval_id},
                "task_token": {"S": event.task_token},
                "delete_after": {"N": str(int(deps.clock().timestamp()) + lifetime)},
            },
        }
    }
