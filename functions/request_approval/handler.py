"""The state RequestApproval: opens the approval or says why nobody is asked, and only then notifies the approvers.

Invoked by the sweep at half time (`remind`), it tells them once more.
"""

import os
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict, Field

from functions.request_approval.open_approval import Requesting, frozen_now, opened
from functions.shared.approval import Approval, Status
from functions.shared.approval_table import ApprovalTable, TransitionLost
from functions.shared.aws import client, error_code
from functions.shared.batch import each
from functions.shared.channels import channel_of
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.findings import Findings
from functions.shared.freeze import read_freeze
from functions.shared.identifiers import utc_now
from functions.shared.mails import asked_mail
from functions.shared.observe import APPROVALS_UNREACHABLE, asked_in, begin, count, logger
from functions.shared.people import People
from functions.shared.settings import RequestApprovalSettings
from functions.shared.workflow import repeatable


class RequestApprovalEvent(BaseModel):
    """`digest` is the first release's: its plans were whole before anything was checked."""

    model_config = ConfigDict(frozen=True)

    v: Literal[1, 2]
    approval_id: str
    task_token: str
    digest: str | None = None


class Remind(BaseModel):
    model_config = ConfigDict(frozen=True)

    v: Literal[2]
    command: Literal["remind"]
    approval_ids: Annotated[list[str], Field(max_length=25)]


@cache
def deps() -> Requesting:
    settings = RequestApprovalSettings.load(os.environ)
    dynamodb = client("dynamodb")
    return Requesting(
        settings=settings,
        approvals=ApprovalTable(dynamodb, settings.approvals_table, settings.audit_table),
        findings=Findings(dynamodb, settings.approvals_table),
        people=People(client("cognito-idp"), settings.user_pool_id),
        channel=channel_of(
            settings.channel, topic_arn=settings.topic_arn, mail_from=settings.mail_from
        ),
        freeze=lambda: read_freeze(client("ssm"), settings.freeze_parameter),
        clock=utc_now,
    )


@repeatable
def handler(event: Mapping[str, Any], context: Any) -> None:
    begin(context)
    if event.get("command") == "remind":
        command = Remind.model_validate(event)
        each(command.approval_ids, lambda approval_id: remind(deps(), approval_id))
        return
    request_approval(deps(), RequestApprovalEvent.model_validate(event))


def request_approval(deps: Requesting, event: RequestApprovalEvent) -> None:
    """Open the approval for its approvers; again, it replaces the token and mails nobody twice.

    Raises `ApprovalNotOpen`, `NobodyToAsk`, or `TemporarilyUnavailable` where the workflow should try again.
    """
    logger.append_keys(approval_id=event.approval_id)
    approval = opened(
        deps,
        event.approval_id,
        task_token=event.task_token,
        digest=event.digest if event.v == 1 else None,
    )
    if approval.notified:
        logger.info("approvers were notified before; only the token was replaced")
        return
    sent = _notify(deps, approval, reminder=False)
    if not sent:
        count(APPROVALS_UNREACHABLE)
        raise TemporarilyUnavailable("No approver could be notified.")
    deps.approvals.mark_notified(approval.id)
    logger.info("approvers were notified", people=sent)


def remind(deps: Requesting, approval_id: str) -> None:
    """Tell the approvers once more, at half time; marked first, so that nobody is reminded twice."""
    logger.append_keys(approval_id=approval_id)
    approval = deps.approvals.get(approval_id)
    if approval is None or approval.status is not Status.PENDING or approval.reminded:
        return
    if approval.has_expired(deps.clock()):
        return
    asked_in(approval.request_id)
    try:
        deps.approvals.mark_reminded(approval)
    except TransitionLost:
        return
    logger.info("approvers were reminded", people=_notify(deps, approval, reminder=True))


def _notify(deps: Requesting, approval: Approval, *, reminder: bool) -> int:
    """One mail to everyone who is asked; how many could be sent."""
    mail = asked_mail(
        approval,
        requester=approval.requester,
        expires_at=approval.expires_at or 0,
        origin=deps.settings.origin,
        stage=deps.settings.stage,
        time_zone=deps.settings.time_zone,
        frozen=frozen_now(deps),
        reminder=reminder,
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
    return sent
