"""A countersigned call that leaves AWS, from the request to the service: checked again, sent once, told as it went."""

import json
from dataclasses import replace

import pytest

import functions.run_action.handler as room
from functions.launch_instance.launch import LaunchRefused
from tests.support.acting import HOST, RoomBehindLambda, composed
from tests.support.fake_model import call, calls
from tests.support.gateway import LambdaContext
from tests.support.stories import outcomes
from tests.support.stub_service import answered, stub_service

URL = f"https://{HOST}/issues"
REST = {
    "kind": "rest",
    "approval": "always",
    "method": "POST",
    "url": URL,
    "body": {"title": "{title}", "effort": "{effort}"},
    "hosts": [HOST],
    "seconds": 2.5,
}
KEYED = {**REST, "idempotency_header": "Idempotency-Key"}
GRAPH = {
    "kind": "graphql",
    "approval": "always",
    "url": URL,
    "hosts": [HOST],
    "operations": ["mutation"],
    "document": "mutation M($title: String!) { open(title: $title) { id } }",
}
MESSAGE = {"kind": "message_template", "approval": "always", "message": "Told {title}."}
ARGUMENTS = {"title": "Broken {appkey}", "effort": 2.5}


def manifest(action):
    properties = {"title": {"type": "string"}, "effort": {"type": "number"}}
    return {
        "version": 2,
        "title": "Tickets",
        "prompt": "You write tickets.",
        "functions": [
            {
                "name": "write",
                "description": "Writes a ticket.",
                "parameters": {"type": "object", "properties": properties},
            }
        ],
        "actions": {"write": action},
        "digest": "d" * 64,
    }


@pytest.fixture
def service():
    with stub_service() as service:
        service.answers = lambda seen: answered('{"data": {"id": 7}}', status="201 Created")
        yield service


@pytest.fixture
def approved(backend_of, service, tmp_path):
    """Asks for a ticket with this action, carol approves; the room carries `carried`, or the same."""
    rooms = []

    def make(action=REST, *, carried=None, secrets=None):
        backend = backend_of(tickets=manifest(action))
        backend.run_action = RoomBehindLambda()
        agents = {"tickets": manifest(carried or action)}
        key = backend.account.seal_key
        rooms.append(composed(tmp_path, agents, service=service, seal_key=key, secrets=secrets))
        rooms[-1].__enter__()
        backend.model.says(calls(call(ARGUMENTS, name="write")))
        approval_id = backend.chat("a ticket", agent="tickets").json["approval"]["id"]
        backend.open(approval_id)
        assert backend.decide(approval_id).status == 200
        return backend, approval_id

    yield make
    for one in rooms:
        one.__exit__(None, None, None)


def told(backend, approval_id):
    backend.record(approval_id)
    [outcome] = outcomes(backend, approval_id)
    return outcome


def test_what_was_approved_is_sent_once_with_its_exact_values(approved, service):
    backend, approval_id = approved()
    assert backend.launch(approval_id) == {"v": 2, "status": "succeeded"}
    [seen] = service.requests
    assert (seen.method, seen.path) == ("POST", "/issues")
    assert json.loads(seen.body) == ARGUMENTS
    assert "idempotency-key" not in seen.headers
    assert backend.launch(approval_id) == {"v": 2, "status": "succeeded"}
    assert len(service.requests) == 1
    assert '{"data": {"id": 7}}' in str(told(backend, approval_id))


def test_the_service_is_given_a_key_by_which_it_knows_a_repeat(approved, service):
    backend, approval_id = approved(KEYED)
    backend.launch(approval_id)
    [seen] = service.requests
    assert len(seen.headers["idempotency-key"]) == 64


def test_a_mutation_runs_after_its_countersignature(approved, service):
    backend, approval_id = approved(GRAPH)
    assert backend.launch(approval_id)["status"] == "succeeded"
    [seen] = service.requests
    assert json.loads(seen.body)["variables"] == {"title": ARGUMENTS["title"]}


def test_texts_that_were_countersigned_are_made_here_too(approved, service):
    backend, approval_id = approved(MESSAGE)
    assert backend.launch(approval_id)["status"] == "succeeded"
    assert "Told Broken {appkey}." in str(told(backend, approval_id))
    assert service.requests == []


def test_a_refusal_of_the_service_is_the_outcome(approved, service):
    service.answers = lambda seen: answered("no", status="403 Forbidden")
    backend, approval_id = approved()
    assert backend.launch(approval_id)["status"] == "failed"
    assert "403" in str(told(backend, approval_id))


def test_no_answer_leaves_the_outcome_unknown_and_nothing_is_sent_again(approved, service):
    service.answers = lambda seen: b""
    backend, approval_id = approved()
    assert backend.launch(approval_id)["status"] == "unknown"
    assert backend.launch(approval_id)["status"] == "unknown"
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"url": f"https://{HOST}/other"},
        {"hosts": [HOST, "evil.example"]},
        {"body": {"title": "evil"}},
        {"method": "PUT"},
        {"seconds": 3},
        {"headers": {"X": "y"}},
        {"kind": "message_template", "message": "x"},
    ],
    ids=str,
)
def test_g7_an_action_that_differs_from_what_was_shown_sends_nothing(approved, service, change):
    backend, approval_id = approved(carried={**REST, **change})
    backend.launch(approval_id)
    assert told(backend, approval_id)[0] == "denied"
    assert service.requests == []


def command(backend, approved_id, **change):
    approval = backend.approval(approved_id)
    event = {
        "v": 2,
        "command": "approved",
        "approval_id": approved_id,
        "call_id": approval.calls()[0]["id"],
        "digest": approval.digest,
    }
    return room.handler({**event, **change}, LambdaContext())


@pytest.mark.parametrize(
    "change", [{"approval_id": "a" * 26}, {"call_id": "other"}, {"digest": "0" * 64}], ids=str
)
def test_a_hand_made_command_for_something_else_sends_nothing(approved, service, change):
    backend, approval_id = approved()
    with pytest.raises(LaunchRefused):
        command(backend, approval_id, **change)
    assert service.requests == []


def test_a_command_that_the_ledger_knows_nothing_of_sends_nothing(approved, service):
    backend, approval_id = approved()
    with pytest.raises(LaunchRefused, match="ledger"):
        command(backend, approval_id)
    assert backend.launch(approval_id)["status"] == "succeeded"
    with pytest.raises(LaunchRefused, match="ledger"):
        command(backend, approval_id)
    assert len(service.requests) == 1


def test_a_record_that_somebody_edited_sends_nothing(approved, service):
    backend, approval_id = approved()
    decision = backend.approval(approval_id).decision
    approval = replace(backend.approval(approval_id), decision=replace(decision, reason="edited"))
    changed = replace(room.checking(), approval=lambda _: approval)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "checking", lambda: changed)
        with pytest.raises(LaunchRefused, match="seal"):
            command(backend, approval_id)
    assert service.requests == []
