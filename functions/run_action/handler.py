"""The only room that reaches hosts outside AWS: ungated calls of one answer, and approved calls one by one."""

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.run_action.approved import KINDS, run_approved
from functions.run_action.carry_out import MOST_SECONDS
from functions.run_action.deadline import Deadline
from functions.run_action.fetch import Fetcher
from functions.run_action.secrets import StoredSecrets, places_of
from functions.run_action.ungated import Call, Running, run_calls
from functions.shared.agent import Agents
from functions.shared.aws import client
from functions.shared.countersigned_call import Checking
from functions.shared.observe import asked_in, begin
from functions.shared.target_settings import RunActionSettings
from functions.shared.workflow import repeatable

BATCH_SECONDS = 100
"""Less than this Lambda may take."""


class Event(BaseModel):
    model_config = ConfigDict(frozen=True)


class HandedOver(Event):
    id: str
    function: str
    arguments: dict[str, Any]


class Ungated(Event):
    v: Literal[1]
    request_id: str = ""
    agent: str
    manifest: str
    seconds: Annotated[float, Field(gt=0)]
    calls: Annotated[tuple[HandedOver, ...], Field(max_length=64)]


class ApprovedCommand(Event):
    v: Literal[2]
    command: Literal["approved"]
    approval_id: str
    call_id: str
    digest: str


@cache
def running() -> Running:
    """What every call needs; no AWS client is made before a call asks for a secret."""
    settings = RunActionSettings.load(os.environ)
    pins = {
        host: (address, int(port)) for host, (address, port) in json.loads(settings.pins).items()
    }
    return Running(
        agents=Agents(settings.agents_file),
        fetch=Fetcher(pins=pins),
        secrets=StoredSecrets(lambda: client("secretsmanager"), places_of(settings.secrets)),
    )


@cache
def checking() -> Checking:
    """What approved calls are checked against."""
    return Checking.of(RunActionSettings.load(os.environ), running().agents, KINDS)


@repeatable
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Run calls; the answer names each by its id, or says what became of the approved one."""
    begin(context)
    if event.get("command") == "approved":
        command = ApprovedCommand.model_validate(event)
        result = run_approved(
            running(),
            checking(),
            approval_id=command.approval_id,
            call_id=command.call_id,
            digest=command.digest,
            deadline=Deadline.after(MOST_SECONDS),
        )
        return {"v": 2, "status": result.status, "text": result.text}
    batch = Ungated.model_validate(event)
    asked_in(batch.request_id)
    calls = [Call(one.id, one.function, dict(one.arguments)) for one in batch.calls]
    deadline = Deadline.after(min(batch.seconds, BATCH_SECONDS))
    results = run_calls(running(), batch.agent, batch.manifest, calls, deadline)
    return {
        "v": 1,
        "results": [
            {"id": call.id, "status": result.status, "text": result.text}
            for call, result in zip(calls, results, strict=True)
        ],
    }
