"""The state RecordOutcome; also the target of failed executions and of the sweep. Never calls the model."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from functions.record_outcome.record import Recording, record_outcome
from functions.shared.approval import Status
from functions.shared.approval_table import ApprovalTable
from functions.shared.aws import client
from functions.shared.channels import channel_of
from functions.shared.conversation_table import ConversationTable
from functions.shared.identifiers import is_id, utc_now
from functions.shared.ledger import Ledger
from functions.shared.observe import begin
from functions.shared.settings import RecordOutcomeSettings


class RecordOutcomeEvent(BaseModel):
    """`finished`: the workflow itself says that every call has ended."""

    model_config = ConfigDict(frozen=True)

    v: Literal[1]
    approval_id: str
    finished: bool = False


@cache
def deps() -> Recording:
    settings = RecordOutcomeSettings.load(os.environ)
    dynamodb = client("dynamodb")
    approvals = ApprovalTable(dynamodb, settings.approvals_table)
    return Recording(
        settings=settings,
        approvals=approvals,
        conversations=ConversationTable(dynamodb, settings.conversations_table),
        ledger=Ledger(dynamodb, approvals),
        dynamodb=dynamodb,
        states=client("stepfunctions"),
        channel=channel_of(
            settings.channel, topic_arn=settings.topic_arn, mail_from=settings.mail_from
        ),
        clock=utc_now,
    )


def handler(event: Mapping[str, Any], context: Any) -> None:
    """Close one approval from what the records say; repeatable."""
    begin(context)
    if event.get("detail-type") == "Step Functions Execution Status Change":
        name = str(event["detail"]["name"])
        if is_id(name):
            ended_as = {"ABORTED": Status.CANCELLED}.get(event["detail"]["status"], Status.FAILED)
            record_outcome(deps(), name, finished=False, ended_as=ended_as)
        return
    request = RecordOutcomeEvent.model_validate(event)
    record_outcome(deps(), request.approval_id, finished=request.finished)
