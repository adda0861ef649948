"""Ids that cannot be guessed, and times as they are written."""

import base64
import re
import secrets
from datetime import UTC, datetime

_ID = re.compile(r"[a-z2-7]{26}", re.ASCII)


def new_id() -> str:
    """128 random bits in 26 lower-case letters and digits: safe in URLs, keys and execution names."""
    return base64.b32encode(secrets.token_bytes(16)).decode("ascii").rstrip("=").lower()


def is_id(text: str) -> bool:
    """Whether a text is spelled as our ids are; the only spelling there is."""
    return _ID.fullmatch(text) is not None


def utc_now() -> datetime:
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC to the second: `2026-11-21T03:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime:
    """What `timestamp` wrote, read back."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
