"""The words of every mail: a fixed template, no model prose; what users wrote is quoted on one line and defanged."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from functions.shared.approval import Approval, Person
from functions.shared.channels import Mail
from functions.shared.operations import confirmation_of, summary_of

QUOTE_CHARACTERS = 300
_LINKED = re.compile(
    r"(?<=\w)(?:@|\.(?!(?:nano|micro|small|medium|large|\d{0,3}xlarge|metal)\b))(?=\w)",
    re.IGNORECASE,
)
"""What makes a word an address; the sizes of instance types are no domains."""


def asked_mail(
    approval: Approval,
    *,
    requester: Person,
    expires_at: int,
    origin: str,
    stage: str,
    time_zone: str,
) -> Mail:
    """To an approver: who asks for what, until when, and the page that shows it."""
    until = local_time(expires_at, time_zone)
    plan = approval.plan_value()
    summary = summary_of(approval.calls())
    text = (
        f"{defanged(requester.shown())} asks for a countersignature.\n"
        f"\n"
        f"Account: {plan['account']}   Region: {plan['region']}\n"
        f"{_quoted(confirmation_of(approval.calls()))}\n"
        f'Their words: "{defanged(approval.request_words)}"\n'
        f"\n"
        f"Decide until {until}:\n"
        f"{page_of(approval, origin)}\n"
        f"\n"
        f"Opening the page decides nothing. If nobody decides in time, nothing is started.\n"
    )
    return Mail(f"[Countersign {stage}] {requester.shown()}: {summary}, by {until}", text)


def ended_mail(approval: Approval, *, sentences: list[str], origin: str, stage: str) -> Mail:
    """To the requester and everyone who was asked: it is over, in one line per call."""
    lines = "\n".join(defanged(sentence) for sentence in sentences)
    text = f"{lines}\n\nRequest of {defanged(approval.requester.shown())}: {page_of(approval, origin)}\n"
    return Mail(f"[Countersign {stage}] {approval.status}: {summary_of(approval.calls())}", text)


def page_of(approval: Approval, origin: str) -> str:
    return f"{origin}/a/{approval.id}"


def local_time(epoch_seconds: int, time_zone: str) -> str:
    """A moment in the stage's time zone, to the minute: `2026-11-21 12:40 JST`."""
    moment = datetime.fromtimestamp(epoch_seconds, UTC).astimezone(ZoneInfo(time_zone))
    return f"{moment:%Y-%m-%d %H:%M %Z}"


def defanged(text: str) -> str:
    """User text on one line, shortened, with nothing a mail program would turn into a link."""
    line = "".join(character if character.isprintable() else " " for character in text)
    line = " ".join(line.split())
    if len(line) > QUOTE_CHARACTERS:
        line = line[:QUOTE_CHARACTERS] + "…"
    line = re.sub(r"(?i)\b([a-z][a-z0-9+.-]{1,12}):(?=\S)(?://)?", r"\1[:]", line)
    return _LINKED.sub(lambda found: f"[{found.group()}]", line)


def _quoted(confirmation: str) -> str:
    """The confirmation without its question; what the model wrote into it is defanged line by line."""
    lines = confirmation.replace("proceed? (y/n): ", "").splitlines()
    return "\n".join(defanged(line) for line in lines)
