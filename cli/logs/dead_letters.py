"""The dead letter queue: commands to a room that could not be delivered, shown and, once read, removed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cli.operator import CannotOperate, Deployment
from functions.shared.identifiers import timestamp

HIDDEN_SECONDS = 30
"""How long what was read stays hidden from the next look, so that one look sees each message once."""
MOST = 200
TEXT_CHARACTERS = 300
ABOUT_THEM = ("command", "approval_id", "approval_ids", "conversation_id", "turn", "leases")
"""What may be shown of a command: ids and what was to be done, nothing that people wrote."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One command that no room has carried out."""

    at: datetime
    room: str
    """The function that it was for, where the message says so."""
    error: str
    command: Mapping[str, Any]
    receipt: str

    def value(self) -> dict[str, Any]:
        """For programs."""
        return {
            "at": timestamp(self.at),
            "room": self.room,
            "error": self.error,
            "command": dict(self.command),
        }


def read_all(deployment: Deployment) -> list[DeadLetter]:
    """What lies in the queue, oldest first, at most 200; it stays there. Raises `CannotOperate`."""
    from botocore.exceptions import BotoCoreError, ClientError

    from functions.shared.aws import error_code

    queue = deployment.output("DeadLetterQueueUrl")
    try:
        return sorted(_received(deployment.client("sqs"), queue), key=lambda letter: letter.at)
    except (BotoCoreError, ClientError) as error:
        raise CannotOperate(
            f"The dead letter queue cannot be read ({error_code(error)}): your credentials need "
            "sqs:ReceiveMessage on it and kms:Decrypt with the stack's key."
        ) from error


def remove(deployment: Deployment, letters: Sequence[DeadLetter]) -> int:
    """Take these out of the queue; how many are gone. Raises `CannotOperate`."""
    from botocore.exceptions import BotoCoreError, ClientError

    from functions.shared.aws import error_code

    queue, sqs, gone = deployment.output("DeadLetterQueueUrl"), deployment.client("sqs"), 0
    try:
        for letter in letters:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=letter.receipt)
            gone += 1
    except (BotoCoreError, ClientError) as error:
        raise CannotOperate(
            f"{gone} of {len(letters)} were removed; the next one cannot be ({error_code(error)}): "
            "your credentials need sqs:DeleteMessage."
        ) from error
    return gone


def _received(sqs: Any, queue: str) -> Iterator[DeadLetter]:
    seen = set[str]()
    while len(seen) < MOST:
        messages = sqs.receive_message(
            QueueUrl=queue,
            MaxNumberOfMessages=10,
            VisibilityTimeout=HIDDEN_SECONDS,
            MessageSystemAttributeNames=["SentTimestamp"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        fresh = [one for one in messages if one["MessageId"] not in seen]
        if not fresh:
            return
        for message in fresh:
            seen.add(message["MessageId"])
            yield _letter(message)


def _letter(message: Mapping[str, Any]) -> DeadLetter:
    said = {
        name: str(attribute.get("StringValue", ""))
        for name, attribute in message.get("MessageAttributes", {}).items()
    }
    try:
        body = json.loads(message["Body"])
    except ValueError:
        body = {}
    shown = {name: body[name] for name in ABOUT_THEM if isinstance(body, dict) and name in body}
    sent = int(message.get("Attributes", {}).get("SentTimestamp", "0"))
    rule = said.get("RULE_ARN", "").rpartition("/")[2]
    return DeadLetter(
        at=datetime.fromtimestamp(sent / 1000, UTC),
        room=said.get("TARGET_ARN", "").rpartition(":")[2] or rule,
        error=(said.get("ErrorMessage") or said.get("ERROR_MESSAGE") or "")[:TEXT_CHARACTERS],
        command=shown,
        receipt=message["ReceiptHandle"],
    )
