"""The room ask_sandbox in this process: composed as deployed, real stores, and a sandbox that a test gives it."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

import functions.ask_sandbox.handler as room
from functions.ask_sandbox.code_files import CodeFiles
from functions.chat.rooms import LambdaRooms
from functions.shared.kinds import Place
from functions.shared.sandbox_settings import AskSandboxSettings
from tests.support.account import (
    APPROVALS,
    CONVERSATIONS,
    NOTEBOOKS,
    TARGETS,
    Account,
)
from tests.support.clock import Clock
from tests.support.fake_sandbox import FUNCTION, FakeSandbox
from tests.support.gateway import LambdaContext

SECONDS = 30
_COMPOSING = (room.asking, room.checking)


@dataclass
class AskSandboxRoom:
    """The room as chat and launch_instance meet it: an exception is an answer that names it."""

    patch: pytest.MonkeyPatch
    sandbox: FakeSandbox = field(default_factory=FakeSandbox)
    commands: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:
        assert (FunctionName, InvocationType) == ("ask_sandbox", "RequestResponse")
        self.commands.append(json.loads(Payload))
        try:
            answer = self.asked(self.commands[-1])
        except Exception as error:  # noqa: BLE001 - as Lambda does
            told = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(told).encode())}
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}

    def asked(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The room's answer to an event, as JSON carries both."""
        answer = room.handler(json.loads(json.dumps(event)), LambdaContext())
        said: dict[str, Any] = json.loads(json.dumps(answer))
        return said

    def carries(self, folder: Path, files: Mapping[str, Any]) -> None:
        """The zip holds these files of agents."""
        file = folder / "carried_code_files.json"
        file.write_text(json.dumps(files))
        self.changes(code_files=CodeFiles(str(file)))

    def changes(self, **changes: Any) -> None:
        """Other dependencies of the calls."""
        changed = replace(room.asking(), **changes)
        self.patch.setattr(room, "asking", lambda: changed)


def ask_sandbox_behind(
    backend: Any, patch: pytest.MonkeyPatch, agents_file: Path, sandbox: FakeSandbox | None = None
) -> AskSandboxRoom:
    """Chat's calls and launch_instance's come to the real room, over its own Lambda API."""
    made = compose_ask_sandbox(patch, backend.account, agents_file, backend.clock, sandbox)
    backend.ask_sandbox = made
    backend.actions.sandbox = LambdaRooms(lambda _: made, {Place.SANDBOX: "ask_sandbox"})
    return made


def compose_ask_sandbox(
    patch: pytest.MonkeyPatch,
    account: Account,
    agents_file: Path,
    clock: Clock,
    sandbox: FakeSandbox | None = None,
    *,
    seconds: int = SECONDS,
) -> AskSandboxRoom:
    """The room from its environment, then the sandbox and the clock in place."""
    files = agents_file.with_name("code_files.json")
    if not files.exists():
        files.write_text("{}")
    settings = AskSandboxSettings(
        stage="dev",
        agents_file=str(agents_file),
        code_files=str(files),
        conversations_table=CONVERSATIONS,
        notebooks_bucket=NOTEBOOKS,
        run_code_function=FUNCTION,
        seconds=seconds,
        approvals_table=APPROVALS,
        decision_keys=account.seal_key,
        targets=TARGETS,
    )
    made = AskSandboxRoom(patch, sandbox or FakeSandbox())
    asking, checking = _COMPOSING
    asking.cache_clear()
    with pytest.MonkeyPatch.context() as environment:
        for variable, value in settings.environment().items():
            environment.setenv(variable, value)
        asked = asking()
        client = replace(asked.sandbox, client=made.sandbox.client, sleep=clock.sleep)
        composed = replace(asked, sandbox=client, clock=clock)
        patch.setattr(room, "asking", lambda: composed)
        checked = checking.__wrapped__()
    patch.setattr(room, "checking", lambda: checked)
    return made
