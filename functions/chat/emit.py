"""The kind `emit`: what a call hands to the program around the conversation, here another agent."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.shared.placeholders import as_text, fill

SWITCH = "switch_session"
MEMORY_BYTES = 16 * 1024
_WHOLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}", re.ASCII)


class SwitchRefused(Exception):
    """A conversation is not handed over; the message is made for the model."""


@dataclass(frozen=True, slots=True)
class Switch:
    """The conversation goes to another agent, with what that one knows from the start."""

    agent: str
    memory: Mapping[str, Any] | None
    message: str | None
    """What it is asked at once, as if the person had."""
    initiate: bool
    """Whether it speaks first."""


def emitted(values: Mapping[str, Any], arguments: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The method, and its data with every placeholder filled; raises `MissingValue`.

    A text that is one placeholder and nothing else becomes the argument itself, or null.
    """

    def filled(value: Any) -> Any:
        if isinstance(value, str):
            whole = _WHOLE.fullmatch(value)
            return arguments.get(whole[1]) if whole else fill(value, arguments)
        if isinstance(value, dict):
            return {name: filled(part) for name, part in value.items()}
        return value

    return str(values.get("method") or ""), filled(dict(values.get("data") or {}))


def switch_of(
    method: str,
    data: Mapping[str, Any],
    *,
    allowed: Iterable[str],
    memory: Mapping[str, Any] | None,
) -> Switch:
    """The hand-over that was asked for; `memory` is what is known so far. Raises `SwitchRefused`."""
    if method != SWITCH:
        raise SwitchRefused(f"There is no method {method[:64]!r} here, only {SWITCH!r}.")
    agent = data.get("agent") or data.get("manifest")
    known = sorted(allowed)
    if not isinstance(agent, str) or agent not in known:
        named = repr(agent[:64]) if isinstance(agent, str) else "nobody"
        offered = f"only to {', '.join(known)}" if known else "to no other agent"
        raise SwitchRefused(f"The conversation cannot go to {named}; it can go {offered}.")
    message = data.get("message")
    return Switch(
        agent=agent,
        memory=_memory_of(data, memory),
        message=as_text(message) if message else None,
        initiate=bool(data.get("initiate")),
    )


def _memory_of(data: Mapping[str, Any], known: Mapping[str, Any] | None) -> dict[str, Any] | None:
    given = data.get("memory")
    if given is not None and not isinstance(given, dict):
        raise SwitchRefused("What is to be remembered must be one JSON object.")
    merged = {**known, **(given or {})} if data.get("merge") and known else given
    if len(json.dumps(merged).encode()) > MEMORY_BYTES:
        raise SwitchRefused(f"More than {MEMORY_BYTES // 1024} KB cannot be remembered.")
    return merged
