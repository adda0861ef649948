"""The ends of leases, handed over by the sweep; and every hour a look for instances that the ledger does not know."""

import os
from collections.abc import Mapping
from functools import cache, partial
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from functions.end_lease.step import Ending, step_leases
from functions.end_lease.strays import find_strays
from functions.shared.approval_table import ApprovalTable
from functions.shared.aws import PATIENT, client
from functions.shared.channels import channel_of
from functions.shared.identifiers import utc_now
from functions.shared.lease_table import LeaseTable
from functions.shared.observe import begin
from functions.shared.target_clients import TargetClients
from functions.shared.target_settings import EndLeaseSettings
from functions.shared.targets import Targets

LEASES_PER_COMMAND = 25


class LeaseKey(BaseModel):
    model_config = ConfigDict(frozen=True)

    approval_id: str
    call_id: str


class Step(BaseModel):
    model_config = ConfigDict(frozen=True)

    v: Literal[2]
    command: Literal["step"]
    leases: list[LeaseKey] = Field(max_length=LEASES_PER_COMMAND)


class Strays(BaseModel):
    model_config = ConfigDict(frozen=True)

    v: Literal[2]
    command: Literal["strays"]


_COMMANDS: TypeAdapter[Step | Strays] = TypeAdapter(
    Annotated[Step | Strays, Field(discriminator="command")]
)


@cache
def deps() -> Ending:
    settings = EndLeaseSettings.load(os.environ)
    dynamodb = client("dynamodb")
    approvals = ApprovalTable(dynamodb, settings.approvals_table, settings.audit_table)
    there = TargetClients(
        partial(client, "sts"),
        role_of=lambda target: target.lease_role,
        session_name=f"{settings.stack}-end_lease",
        config=PATIENT,
        clock=utc_now,
    )
    return Ending(
        settings=settings,
        targets=Targets.parsed(settings.targets),
        approvals=approvals,
        leases=LeaseTable(dynamodb, approvals),
        ec2=partial(there.client, "ec2"),
        channel=channel_of(
            settings.channel, topic_arn=settings.topic_arn, mail_from=settings.mail_from
        ),
        clock=utc_now,
    )


def handler(event: Mapping[str, Any], context: Any) -> None:
    """Carry out one command; repeatable."""
    begin(context)
    match _COMMANDS.validate_python(event):
        case Step(leases=leases):
            step_leases(deps(), [(lease.approval_id, lease.call_id) for lease in leases])
        case Strays():
            find_strays(deps())
