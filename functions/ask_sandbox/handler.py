"""Brings a conversation's cells and files to the sandbox, and keeps what comes back of its calls."""

import os
from collections.abc import Mapping
from functools import cache, lru_cache
from math import ceil
from typing import Annotated, Any, Literal

import boto3
from botocore.config import Config
from pydantic import BaseModel, ConfigDict, Field

from functions.ask_sandbox.approved import run_approved
from functions.ask_sandbox.call import Call
from functions.ask_sandbox.code_files import CodeFiles
from functions.ask_sandbox.sandbox import Sandbox
from functions.ask_sandbox.time_left import TimeLeft
from functions.ask_sandbox.ungated import Asking, run_calls
from functions.shared.agent import Agents
from functions.shared.aws import client
from functions.shared.countersigned_call import Checking
from functions.shared.countersigned_code import KINDS
from functions.shared.identifiers import utc_now
from functions.shared.notebook_store import NotebookStore
from functions.shared.observe import asked_in, begin
from functions.shared.sandbox_settings import AskSandboxSettings
from functions.shared.uploads import Uploads
from functions.shared.workflow import repeatable

MOST_SECONDS = 170
"""Less than this Lambda may take."""


class Event(BaseModel):
    model_config = ConfigDict(frozen=True)


class HandedOver(Event):
    id: Annotated[str, Field(min_length=1, max_length=64)]
    function: str
    arguments: dict[str, Any]


class Ungated(Event):
    v: Literal[1]
    request_id: str = ""
    owner: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:@+=-]{1,128}$")]
    conversation_id: Annotated[str, Field(pattern=r"^[a-z2-7]{26}$")]
    turn: Annotated[int, Field(ge=1)]
    agent: str
    manifest: str
    seconds: Annotated[float, Field(gt=0)]
    """What the caller has in all."""
    calls: Annotated[tuple[HandedOver, ...], Field(max_length=64)]


class ApprovedCommand(Event):
    v: Literal[1, 2]
    command: Literal["approved"]
    approval_id: str
    call_id: str
    digest: str


@cache
def asking() -> Asking:
    """What every call needs."""
    settings = AskSandboxSettings.load(os.environ)
    return Asking(
        agents=Agents(settings.agents_file),
        code_files=CodeFiles(settings.code_files),
        store=NotebookStore(lambda: client("s3"), settings.notebooks_bucket),
        uploads=Uploads(client("dynamodb"), settings.conversations_table),
        sandbox=Sandbox(
            client=lambda seconds: waiting_client(ceil(seconds)),
            function=settings.run_code_function,
            most_seconds=settings.seconds,
        ),
        clock=utc_now,
    )


@cache
def checking() -> Checking:
    """What approved calls are checked against."""
    return Checking.of(AskSandboxSettings.load(os.environ), asking().agents, KINDS)


@lru_cache(maxsize=4)
def waiting_client(seconds: int) -> Any:
    """A Lambda client that waits so long for an answer, and asks once."""
    make: Any = boto3.client
    config = Config(
        connect_timeout=3, read_timeout=max(seconds, 1), retries={"total_max_attempts": 1}
    )
    return make("lambda", config=config)


@repeatable
def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Run calls; the answer names each by its id, or says what became of the approved one."""
    begin(context)
    if event.get("command") == "approved":
        command = ApprovedCommand.model_validate(event)
        result = run_approved(
            asking(),
            checking(),
            approval_id=command.approval_id,
            call_id=command.call_id,
            digest=command.digest,
            time_left=TimeLeft.of(MOST_SECONDS),
        )
        return {"v": 1, "status": result.status, "text": result.text}
    batch = Ungated.model_validate(event)
    asked_in(batch.request_id)
    calls = [Call(one.id, one.function, one.arguments) for one in batch.calls]
    results = run_calls(
        asking(),
        asking().conversation(batch.owner, batch.conversation_id),
        agent_id=batch.agent,
        manifest=batch.manifest,
        calls=calls,
        time_left=TimeLeft.of(min(batch.seconds, MOST_SECONDS)),
    )
    return {
        "v": 1,
        "results": [
            {"id": call.id, "status": result.status, "text": result.text}
            for call, result in zip(calls, results, strict=True)
        ],
    }
