"""One conversation as it is counted: three turns, one launch that is approved, two people asked to countersign."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends

from benchmarks.cost.recorder import Recorder
from functions.shared.aws import client
from infra.agents import compile_agents, serialized
from infra.page import ROOT
from tests.support import account as accounts
from tests.support.backend import Backend, compose_rooms
from tests.support.budgeted import limit
from tests.support.fake_model import INSTANCE, call, calls
from tests.support.launchable import disks_are_gp3, make_launchable
from tests.support.quick_moto import quicken

WORDS = (
    "I want to run a new EC2 instance.",
    "AMI ID is ami-012261b9035f8f938. Instance type is t2.micro.",
    "kondo",
)
LAST_WORD = "The instance is running; it ends with its lease unless you ask for more time."


def record() -> Recorder:
    """What one conversation asks of AWS, every step run by the real handlers."""
    recorder = Recorder()
    with pytest.MonkeyPatch.context() as patch, _rooms(patch) as backend:
        _count_invocations(patch, backend, recorder)
        with recorder.watching(_tables(), _stored):
            approval_id = _converse(backend)
            _workflow(backend, approval_id)
    return recorder


def record_sweep() -> Recorder:
    """What one sweep asks of AWS when nothing is unfinished."""
    recorder = Recorder()
    with pytest.MonkeyPatch.context() as patch, _rooms(patch) as backend:
        _count_invocations(patch, backend, recorder)
        with recorder.watching(_tables(), _stored):
            backend.sweep()
    return recorder


def _converse(backend: Backend) -> str:
    backend.model.says("Which AMI, type and key pair?", "And the key pair?", calls(call(INSTANCE)))
    turn = backend.chat(WORDS[0]).json
    for words in WORDS[1:]:
        turn = backend.chat(words, conversation_id=turn["conversation_id"]).json
    return str(turn["approval"]["id"])


def _workflow(backend: Backend, approval_id: str) -> None:
    """The states in the order of the machine; people read and decide between them."""
    complaints = [found["complaints"] for found in backend.preflight(approval_id)["calls"].values()]
    if any(complaints):
        raise RuntimeError(complaints)
    backend.rehearse(approval_id)
    backend.request(approval_id)
    for approver in ("bob", "carol"):
        backend.http("GET /approvals/{approval_id}", by=approver, approval_id=approval_id)
    answer = backend.decide(approval_id, by="carol")
    if answer.status != 200:
        raise RuntimeError(answer.text)
    backend.launch(approval_id)
    backend.record(approval_id)
    backend.model.says(LAST_WORD)
    backend.last_word(approval_id)
    backend.turns(backend.approval(approval_id).conversation_id)


@contextmanager
def _rooms(patch: pytest.MonkeyPatch) -> Iterator[Backend]:
    patch.setenv("ALLOWED_CIDRS", "")
    patch.setenv("AWS_DEFAULT_REGION", accounts.REGION)
    patch.setenv("AWS_ACCESS_KEY_ID", "testing")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    quicken(patch)
    disks_are_gp3(patch)
    with tempfile.TemporaryDirectory() as directory, mock_aws():
        client.cache_clear()
        account = accounts.Account()
        accounts.make_tables()
        accounts.make_people(account)
        accounts.make_topic(account)
        accounts.make_secret(account)
        accounts.make_seal_key(account)
        make_launchable()
        account.empty()
        agents_file = Path(directory) / "agents.json"
        agents_file.write_bytes(serialized(compile_agents(ROOT / "agents")))
        backend = compose_rooms(patch, account, agents_file)
        limit(patch, backend)
        yield backend
    client.cache_clear()


def _count_invocations(patch: pytest.MonkeyPatch, backend: Backend, recorder: Recorder) -> None:
    """Each room's handler, as the gateway and the workflow reach it."""
    import functions.chat.continue_turn as continue_turn

    modules = {
        room: __import__(f"functions.{room}.handler", fromlist=["handler"])
        for room in backend.rooms
    }
    for room, module in {**modules, "continue_turn": continue_turn}.items():
        patch.setattr(module, "handler", recorder.invoked(room, module.handler))
    answer = backend.model.answer

    def asked(*given: Any, **more: Any) -> Any:
        recorder.requests[recorder.room, "model", "answer"] += 1
        return answer(*given, **more)

    patch.setattr(backend.model, "answer", asked)


def _tables() -> dict[str, Mapping[str, Any]]:
    dynamodb = client("dynamodb")
    return {
        name: dynamodb.describe_table(TableName=name)["Table"]
        for name in dynamodb.list_tables()["TableNames"]
    }


def _stored(table: str, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """An item as moto holds it, without asking a client."""
    found = dynamodb_backends[accounts.ACCOUNT_ID][accounts.REGION].tables[table]
    values = [next(iter(value.values())) for value in key.values()]
    for item in found.all_items():
        attributes = item.to_json()["Attributes"]
        if all(
            next(iter(attributes[name].values())) == value
            for name, value in zip(key, values, strict=True)
        ):
            return dict(attributes)
    return None
