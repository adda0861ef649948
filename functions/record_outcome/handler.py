"""The state RecordOutcome; also the target of failed executions and of the sweep. Never calls the model."""

import os
from collections.abc import Mapping
from functools import cache, partial
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from functions.record_outcome.record import Recording, record_outcome
from functions.shared.approval import Status
from functions.shared.approval_table import ApprovalTable
from functions.shared.aws import client
from functions.shared.batch import each
from functions.shared.budgets import closed_parts, instance_ended_parts
from functions.shared.channels import channel_of
from functions.shared.conversation_table import ConversationTable
from functions.shared.identifiers import is_id, utc_now
from functions.shared.ledger import Ledger
from functions.shared.observe import begin
from functions.shared.settings import RecordOutcomeSettings
from functions.shared.workflow import repeatable


class RecordOutcomeEvent(BaseModel):
    """`finished`: the workflow itself says that every call has ended."""

    model_config = ConfigDict(frozen=True)

    v: Literal[1, 2]
    approval_id: str = ""
    approval_ids: Annotated[list[str], Field(max_length=25)] = []
    """What the sweep hands over."""
    finished: bool = False

    @model_validator(mode="after")
    def names_an_approval(self) -> Self:
        if not self.approval_id and not self.approval_ids:
            raise ValueError("no approval is named")
        return self


@cache
def deps() -> Recording:
    settings = RecordOutcomeSettings.load(os.environ)
    dynamodb = client("dynamodb")
    approvals = ApprovalTable(dynamodb, settings.approvals_table, settings.audit_table)
    return Recording(
        settings=settings,
        approvals=approvals,
        conversations=ConversationTable(dynamodb, settings.conversations_table),
        ledger=Ledger(dynamodb, approvals),
        closed_parts=partial(closed_parts, settings.budgets_table),
        not_taken_parts=partial(instance_ended_parts, settings.budgets_table),
        states=client("stepfunctions"),
        channel=channel_of(
            settings.channel, topic_arn=settings.topic_arn, mail_from=settings.mail_from
        ),
        clock=utc_now,
    )


@repeatable
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
    if request.approval_ids:
        each(request.approval_ids, lambda one: record_outcome(deps(), one, finished=False))
        return
    record_outcome(deps(), request.approval_id, finished=request.finished)
