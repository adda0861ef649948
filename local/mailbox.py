"""Every mail that the product sent: from the demo's queues and from the emulator's SES."""

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from local.seed import Emulated


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail as its readers get it."""

    to: list[str]
    subject: str
    text: str
    html: str | None
    sent_at: str


class Mailbox:
    """Collects mails when asked, and keeps them, oldest first."""

    def __init__(self, emulated: Emulated, *, sender: str, queues: Mapping[str, str]) -> None:
        self._queue_service = emulated.client("sqs")
        self._endpoint = emulated.endpoint
        self._sender = sender
        self._queues = queues
        self._from_queues: list[Mail] = []
        self._collecting = threading.Lock()

    def mails(self) -> list[Mail]:
        """All mails until now."""
        with self._collecting:
            for email, queue in self._queues.items():
                self._empty(email, queue)
            return sorted([*self._from_queues, *self._from_ses()], key=lambda mail: mail.sent_at)

    def as_json(self) -> list[dict[str, Any]]:
        """All mails until now, as scripts read them."""
        return [asdict(mail) for mail in self.mails()]

    def _empty(self, email: str, queue: str) -> None:
        while messages := self._queue_service.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=0
        ).get("Messages"):
            for message in messages:
                notice = json.loads(message["Body"])
                self._from_queues.append(
                    Mail(
                        to=[email],
                        subject=notice.get("Subject") or "",
                        text=notice["Message"],
                        html=None,
                        sent_at=notice["Timestamp"],
                    )
                )
                self._queue_service.delete_message(
                    QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"]
                )

    def _from_ses(self) -> list[Mail]:
        answer = httpx.get(f"{self._endpoint}/_ministack/ses/messages", trust_env=False).json()
        return [
            Mail(
                to=sent["To"],
                subject=sent["Subject"],
                text=sent["BodyText"] or "",
                html=sent["BodyHtml"] or None,
                sent_at=sent["Timestamp"],
            )
            for messages in answer["messages"].values()
            for sent in messages
            if self._sender in sent["Source"]
        ]
