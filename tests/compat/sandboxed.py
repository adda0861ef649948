"""The rooms behind SlashGPT's notebooks and modules, in this process: ask_sandbox, and run_code with a child per call.

The conversation's notebook is kept in memory; everything between the chat's call and Python is the product's own.
"""

import io
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from cli.agents_python import compile_libraries
from functions.ask_sandbox.call import Call
from functions.ask_sandbox.code_files import AgentFiles
from functions.ask_sandbox.sandbox import Sandbox
from functions.ask_sandbox.time_left import TimeLeft
from functions.ask_sandbox.ungated import Asking, run_calls
from functions.chat.rooms import Result, Whose
from functions.chat.tool_calls import CheckedCall
from functions.run_code.handler import handler, settings
from functions.run_code.sandbox import has_namespaces
from functions.shared.agent import NOTEBOOK_FUNCTIONS, Action, Agent
from functions.shared.kinds import KINDS, Place
from functions.shared.notebook import Cell, Notebook, Snapshot
from functions.shared.sandbox_settings import RunCodeSettings
from infra.code_files import code_files
from infra.manifests.compile import Verdict
from tests.support.talking import NOW, Known

SECONDS = 30
MEMORY_MB = 1536
NEED_NAMESPACES = "Python is confined by Linux's namespaces; this machine has none."


def runs_python() -> bool:
    """Whether Python can run here. Linux that gives no namespaces is a failure, which each call then tells."""
    return sys.platform == "linux" or has_namespaces()


def without_gates(agent: Agent) -> Agent:
    """The agent with `policy: {approval: never}` for everything that is Python, as SlashGPT runs it."""
    actions = {
        name: replace(action, approval="never")
        if KINDS[action.kind].place is Place.SANDBOX
        else action
        for name, action in agent.actions.items()
    }
    if agent.notebook:
        unlisted = sorted(NOTEBOOK_FUNCTIONS - agent.functions.keys())
        actions |= dict.fromkeys(unlisted, Action("notebook", approval="never"))
    return replace(agent, actions=actions)


@dataclass
class SandboxRoom:
    """The room of one conversation, which remembers its notebook."""

    verdicts: Sequence[Verdict]
    notebook: "Kept" = field(default_factory=lambda: Kept())

    def run(
        self, agent: Agent, handed_over: Sequence[CheckedCall], seconds: float, whose: Whose
    ) -> list[Result]:
        compile_libraries()
        asking = Asking(
            agents=Known([agent]),  # type: ignore[arg-type]
            code_files=Carried(json.loads(code_files(self.verdicts))),  # type: ignore[arg-type]
            store=self.notebook,  # type: ignore[arg-type]
            uploads=NoUploads(),  # type: ignore[arg-type]
            sandbox=Sandbox(client=InThisProcess, function="run_code", most_seconds=SECONDS),
            clock=lambda: NOW,
        )
        results = run_calls(
            asking,
            asking.conversation(whose.owner, whose.conversation_id),
            agent_id=agent.id,
            manifest=agent.digest,
            calls=[Call(one.id, one.name, dict(one.arguments or {})) for one in handed_over],
            time_left=TimeLeft.of(seconds),
        )
        return [Result(one.status, one.text) for one in results]


@dataclass
class Kept:
    """A notebook that nobody else writes."""

    cells: tuple[Cell, ...] = ()
    taken: Snapshot | None = None

    def read(self, owner: str, conversation_id: str) -> Notebook:  # noqa: ARG002
        return Notebook(cells=self.cells)

    def append(self, owner: str, conversation_id: str, notebook: Notebook, cell: Cell) -> Notebook:
        self.cells = (*notebook.cells, cell)
        return self.read(owner, conversation_id)

    def snapshot(self, owner: str, conversation_id: str, notebook: Notebook) -> Snapshot | None:  # noqa: ARG002
        return self.taken

    def keep_snapshot(
        self,
        owner: str,  # noqa: ARG002
        conversation_id: str,  # noqa: ARG002
        notebook: Notebook,  # noqa: ARG002
        snapshot: Snapshot,
    ) -> None:
        self.taken = snapshot


class NoUploads:
    def all(self, owner: str, conversation_id: str) -> tuple[()]:  # noqa: ARG002
        return ()


@dataclass(frozen=True)
class Carried:
    """What the room's zip carries."""

    files: Mapping[str, Any]

    def of(self, agent_id: str) -> AgentFiles:
        carried = self.files.get(agent_id, {})
        return AgentFiles(carried.get("resources", {}), carried.get("module", {}).get("source", ""))


@dataclass(frozen=True)
class InThisProcess:
    """Lambda's client, with run_code behind it."""

    seconds: float

    def invoke(self, *, Payload: bytes, **asked: Any) -> Mapping[str, Any]:  # noqa: ARG002, N803
        with _deployed():
            answer = handler(json.loads(Payload), None)
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode())}


@contextmanager
def _deployed() -> Iterator[None]:
    """As on a laptop: in namespaces, or not at all."""
    values = RunCodeSettings(
        stage="local", confinement="namespaces", seconds=SECONDS, memory_mb=MEMORY_MB
    )
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.environment().items():
            patch.setenv(name, value)
        settings.cache_clear()
        yield
    settings.cache_clear()
