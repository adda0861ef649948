"""The room run_action in this process: composed as deployed, with a stub for every host outside."""

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import functions.run_action.handler as room
from functions.shared.target_settings import RunActionSettings
from tests.support.account import APPROVALS, REGION, TARGETS
from tests.support.gateway import LambdaContext
from tests.support.stub_service import StubService

HOST = "api.example.com"


@contextmanager
def composed(
    folder: Path,
    agents: Mapping[str, Any],
    *,
    service: StubService | None = None,
    secrets: Mapping[str, Any] | None = None,
    seal_key: str = "",
) -> Iterator[None]:
    """The room with these compiled agents; requests to `HOST` go to the service."""
    file = folder / "agents.json"
    file.write_text(json.dumps(agents))
    settings = RunActionSettings(
        stage="local",
        agents_file=str(file),
        approvals_table=APPROVALS,
        decision_keys=seal_key,
        targets=TARGETS,
        secrets=json.dumps(secrets or {}),
        pins=json.dumps({HOST: service.pin} if service else {}),
    )
    forget()
    with pytest.MonkeyPatch.context() as environment:
        region = {"AWS_DEFAULT_REGION": REGION}
        for name, value in {**settings.environment(), **region}.items():
            environment.setenv(name, value)
        yield
    forget()


def forget() -> None:
    room.running.cache_clear()
    room.checking.cache_clear()


def asked(compiled: Mapping[str, Any], *calls: tuple[str, Mapping[str, Any]], **event: Any) -> Any:
    """What the room answers to the ungated calls of one answer; their ids are their numbers."""
    handed_over = [
        {"id": str(number), "function": function, "arguments": dict(arguments)}
        for number, (function, arguments) in enumerate(calls)
    ]
    whole = {
        "v": 1,
        "agent": "helper",
        "manifest": compiled["digest"],
        "seconds": 10.0,
        "calls": handed_over,
        **event,
    }
    answer = json.loads(json.dumps(room.handler(whole, LambdaContext())))
    assert answer["v"] == 1
    assert [one["id"] for one in answer["results"]] == [one["id"] for one in handed_over]
    return [(one["status"], one["text"]) for one in answer["results"]]


@dataclass
class RoomBehindLambda:
    """The room as launch_instance meets it: an exception is an answer that names it."""

    commands: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:
        assert (FunctionName, InvocationType) == ("run_action", "RequestResponse")
        command = json.loads(Payload)
        self.commands.append(command)
        try:
            answer = room.handler(command, LambdaContext())
        except Exception as error:  # noqa: BLE001 - as Lambda does
            told = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(told).encode())}
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}
