"""The operator's files that Python finds: packed when the product is built, carried by this room alone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.shared.agent import ROOT


@dataclass(frozen=True, slots=True)
class AgentFiles:
    """What one agent brings along."""

    resources: Mapping[str, str] = field(default_factory=dict)
    """Base64 of gzip, by name below the run's folder."""
    module: str = ""
    """The source of the Python file whose functions may be called; empty: there is none."""


class CodeFiles:
    """Every agent's files, read once."""

    def __init__(self, file: str) -> None:
        read: dict[str, Any] = json.loads((ROOT / file).read_text(encoding="utf-8"))
        self._agents = {agent_id: _files(value) for agent_id, value in read.items()}

    def of(self, agent_id: str) -> AgentFiles:
        """One agent's; none where it brings none."""
        return self._agents.get(agent_id, AgentFiles())


def _files(value: Mapping[str, Any]) -> AgentFiles:
    module = value.get("module") or {}
    return AgentFiles(dict(value.get("resources") or {}), str(module.get("source", "")))
