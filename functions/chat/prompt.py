"""The words that an agent's manifest puts around a conversation: the system prompt, and the form of a message."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

from functions.shared.agent import Agent
from functions.shared.placeholders import fill_only

_NAMES = re.compile(r"\{(now|random|agents|memory)\}")
NOW = "%Y%m%dT%H%M%SZ"
FILES = "\n\nFiles in the folder where Python runs, by their names: {names}"
WITHOUT_FORM = "`"
"""A message that begins with it is sent as it is, less this mark."""


def system_prompt(
    agent: Agent,
    *,
    agents: Callable[[str], Agent],
    now: datetime,
    seed: str,
    memory: Mapping[str, Any] | None,
    slots: Mapping[str, Any] | None,
    is_first: bool,
    files: Sequence[str] = (),
) -> str:
    """The agent's prompt with everything filled; what is filled in is never filled again.

    The same `seed` draws the same `{random}`. A name that has nothing to say stays as written. `is_first`: no slot
    was set yet. `files` are those that Python finds.
    """
    drawn = _drawn(agent, seed)

    def filled(found: re.Match[str]) -> str:
        match found[1]:
            case "now":
                return now.astimezone(UTC).strftime(NOW)
            case "random":
                return next(drawn, found[0])
            case "agents" if agent.agents:
                return "\n".join(_listed(agents(agent_id)) for agent_id in agent.agents)
            case "memory" if memory is not None:
                return json.dumps(memory, ensure_ascii=False)
        return found[0]

    slot_words = _slot_words(agent, slots, is_first=is_first)
    return _NAMES.sub(filled, agent.prompt) + slot_words + _file_words(files)


def user_text(agent: Agent, message: str) -> str:
    """A message as the model reads it: in the agent's form, if it has one."""
    if message.startswith(WITHOUT_FORM):
        return message.removeprefix(WITHOUT_FORM)
    return fill_only(agent.form, question=message) if agent.form else message


def _drawn(agent: Agent, seed: str) -> Iterator[str]:
    drawn = list(agent.random)
    Random(seed).shuffle(drawn)  # noqa: S311 - words for an exercise, no secret
    return iter(drawn)


def _listed(agent: Agent) -> str:
    """SlashGPT writes None for an agent without a description; its prompts were written with that."""
    described = agent.description or (str(None) if agent.version == 1 else agent.title)
    return f"{agent.id}: {described}"


def _file_words(files: Sequence[str]) -> str:
    """Names are what people called their files: they are quoted, so that none can pass for the prompt's own words."""
    return FILES.format(names=json.dumps(list(files), ensure_ascii=False)) if files else ""


def _slot_words(agent: Agent, slots: Mapping[str, Any] | None, *, is_first: bool) -> str:
    if agent.slots is None:
        return ""
    template = agent.slots.initial if is_first else agent.slots.current
    known = {**agent.slots.empty(), **(slots or {})}
    return template.replace("{slots}", str(known))
