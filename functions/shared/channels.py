"""Ways to notify one person by mail; a new one is a class, a line in `channel_of` and a grant in infra/."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from functions.shared.aws import client

SUBJECT_CHARACTERS = 99
"""SNS takes fewer than 100 characters of printable ASCII: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, the same for every channel: text and HTML say the same, user text in them is already defanged."""

    subject: str
    text: str
    html: str


class Channel(Protocol):
    def send(self, recipient: str, mail: Mail) -> None:
        """Hand one mail to the channel for one address; raises what the channel's client raises."""


class SnsChannel:
    """One topic, text only; each person's subscription is filtered by the attribute `recipient`."""

    def __init__(self, sns: Any, topic_arn: str) -> None:
        self._client = sns
        self._topic = topic_arn

    def send(self, recipient: str, mail: Mail) -> None:
        self._client.publish(
            TopicArn=self._topic,
            Subject=plain_subject(mail.subject),
            Message=mail.text,
            MessageAttributes={"recipient": {"DataType": "String", "StringValue": recipient}},
        )


class SesChannel:
    """One mail per person from the operator's verified address."""

    def __init__(self, ses: Any, mail_from: str) -> None:
        self._client = ses
        self._from = mail_from

    def send(self, recipient: str, mail: Mail) -> None:
        self._client.send_email(
            FromEmailAddress=self._from,
            Destination={"ToAddresses": [recipient]},
            Content={
                "Simple": {
                    "Subject": {"Data": plain_subject(mail.subject), "Charset": "UTF-8"},
                    "Body": {
                        "Text": {"Data": mail.text, "Charset": "UTF-8"},
                        "Html": {"Data": mail.html, "Charset": "UTF-8"},
                    },
                }
            },
        )


def channel_of(name: str, *, topic_arn: str, mail_from: str) -> Channel:
    """The channel the operator chose; raises KeyError for a name that is none."""
    channels: dict[str, Callable[[], Channel]] = {
        "sns": lambda: SnsChannel(client("sns"), topic_arn),
        "ses": lambda: SesChannel(client("sesv2"), mail_from),
    }
    return channels[name]()


def plain_subject(text: str, longest: int | None = SUBJECT_CHARACTERS) -> str:
    """Printable ASCII on one line, short enough for every channel: no header is added, no encoded word is read."""
    text = text.replace("×", "x")
    line = "".join(character if " " <= character <= "~" else "?" for character in text)
    return line.replace("=?", "= ?")[:longest].strip()
