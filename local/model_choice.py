"""Which model the laptop run talks to, from the shell's OPENAI_BASE_URL, OPENAI_API_KEY and
CHAT_MODEL."""

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from local.refusal import CannotRun

OPENAI = "https://api.openai.com/v1"
SCRIPTED = "scripted"
CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """A Chat Completions endpoint and the model's name there."""

    name: str
    base_url: str
    key: str = field(repr=False)
    label: str

    @property
    def is_scripted(self) -> bool:
        """Whether it is our own small server."""
        return self.label == SCRIPTED

    @property
    def stays_here(self) -> bool:
        """Whether what people write stays on this machine."""
        host = urlsplit(self.base_url).hostname or ""
        try:
            return host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    def sentence(self) -> str:
        """What the person at the keyboard is told before the first message."""
        if self.is_scripted:
            return (
                "model: scripted (no OPENAI_API_KEY or OPENAI_BASE_URL is set); "
                "no text leaves this machine"
            )
        leaves = "no text leaves this machine" if self.stays_here else "text leaves this machine"
        return f"model: {self.name} at {self.base_url}; {leaves}"


def choose_model(environment: Mapping[str, str], scripted_url: str) -> ModelChoice:
    """The shell's model when it names one, else the scripted one; raises `CannotRun`."""
    base_url = environment.get("OPENAI_BASE_URL", "")
    key = environment.get("OPENAI_API_KEY", "")
    if not base_url and not key:
        return ModelChoice(name=SCRIPTED, base_url=scripted_url, key="none", label=SCRIPTED)
    name = environment.get("CHAT_MODEL", "")
    if not name:
        raise CannotRun("CHAT_MODEL is not set: name the model that OPENAI_BASE_URL shall run.")
    return ModelChoice(
        name=name, base_url=(base_url or OPENAI).rstrip("/"), key=key or "none", label=name
    )


def check_reachable(choice: ModelChoice) -> None:
    """Open a connection and close it again: a model is asked for turns only. Raises `CannotRun`."""
    parts = urlsplit(choice.base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CannotRun(f"OPENAI_BASE_URL is not an http address: {choice.base_url}")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname, port), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        raise CannotRun(
            f"The model endpoint {choice.base_url} does not answer: {error.strerror or error}."
        ) from error
