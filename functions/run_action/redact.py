"""Takes secrets out of what leaves this room, in the spellings that services echo."""

import base64
import html
import json
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from functions.run_action.secrets import Secret


def redacted(text: str, secrets: Iterable[Secret]) -> str:
    """The text with the name of each secret in the place of its value."""
    for secret in secrets:
        for spelling in sorted(_spellings(secret.value), key=len, reverse=True):
            text = text.replace(spelling, f"[secret {secret.name}]")
    return text


def _spellings(value: str) -> set[str]:
    raw = value.encode()
    quoted = {quote(value, safe=""), quote(value), quote_plus(value)}
    escaped = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    return {
        value,
        *quoted,
        *(one.lower() for one in quoted if "%" in one),
        *escaped,
        html.escape(value),
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        raw.hex(),
    } - {""}
