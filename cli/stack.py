"""A deployed stack as the command line reads it: found by its outputs, read with the caller's own rights."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from functions.shared.approval import Approval
from functions.shared.approval_item import NewerRecord, approval_of_item
from functions.shared.approval_reader import record_key
from functions.shared.audit import AuditTable
from functions.shared.aws import error_code
from functions.shared.identifiers import is_id

NEEDED = ("AuditTable", "ApprovalsTable")


class CannotRead(Exception):
    """Nothing can be said about the approval; the message is one sentence for the person at the keyboard."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One approval with its audit rows, as they lie there."""

    approval: Approval
    major: int
    """The release's version of records that first wrote it."""
    rows: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Stack:
    outputs: Mapping[str, str]
    dynamodb: Any
    kms: Any

    @property
    def decision_keys(self) -> list[str]:
        """Every key that may have sealed a decision, the current one first."""
        return [key for key in self.outputs.get("DecisionKeys", "").split(",") if key]

    def read(self, approval_id: str) -> Stored:
        """Raises `CannotRead` where there is no such approval, or it cannot be read."""
        if not is_id(approval_id):
            raise CannotRead("An approval's id is 26 lower-case letters and digits.")
        try:
            answer = self.dynamodb.get_item(
                TableName=self.outputs["ApprovalsTable"],
                Key=record_key(approval_id),
                ConsistentRead=True,
            )
            rows = AuditTable(self.dynamodb, self.outputs["AuditTable"]).rows(approval_id)
        except (ClientError, BotoCoreError) as error:
            raise CannotRead(f"The tables cannot be read: {error_code(error)}.") from error
        except (ValueError, KeyError) as error:
            raise CannotRead("An audit row cannot be read: it is not as the product writes.") from (
                error
            )
        if "Item" not in answer:
            found = f"; {len(rows)} audit rows of it are there" if rows else ""
            raise CannotRead(f"There is no such approval{found}.")
        try:
            approval = approval_of_item(answer["Item"])
        except (NewerRecord, ValueError, KeyError) as error:
            raise CannotRead("This release cannot read the record.") from error
        return Stored(approval, int(answer["Item"].get("v", {"N": "1"})["N"]), rows)


def open_stack(name: str, region: str | None) -> Stack:
    """The stack by its CloudFormation outputs; raises `CannotRead`."""
    make: Any = boto3.session.Session(region_name=region or None).client
    try:
        described = make("cloudformation").describe_stacks(StackName=name)["Stacks"]
        dynamodb, kms = make("dynamodb"), make("kms")
    except (ClientError, BotoCoreError) as error:
        raise CannotRead(f"The stack {name} cannot be read: {error_code(error)}.") from error
    outputs = {
        output["OutputKey"]: output["OutputValue"] for output in described[0].get("Outputs", [])
    }
    missing = [output for output in NEEDED if output not in outputs]
    if missing:
        raise CannotRead(f"The stack {name} has no output {missing[0]}: is it Countersign's?")
    return Stack(outputs, dynamodb, kms)
