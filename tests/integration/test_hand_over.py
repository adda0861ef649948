"""A countersigned call that leaves AWS: handed to its room once, told as it went, never handed over twice in doubt."""

import json

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from functions.launch_instance.ec2_errors import LaunchAmbiguous
from functions.shared.errors import TemporarilyUnavailable
from tests.support.account import freeze
from tests.support.fake_lambda import Crashed
from tests.support.fake_model import call, calls
from tests.support.fake_states import client_error
from tests.support.stories import outcomes

FROZEN = json.dumps(
    {"frozen": True, "reason": "leaked key", "by": "Olga", "at": "2026-11-21T03:05:00Z"}
)
ADDRESS = "https://lambda.us-east-1.amazonaws.com"
LOST = ReadTimeoutError(endpoint_url=ADDRESS)
TICKET = {
    "version": 2,
    "title": "Tickets",
    "prompt": "You write tickets.",
    "functions": [
        {
            "name": "create_ticket",
            "description": "Writes a ticket.",
            "parameters": {
                "type": "object",
                "properties": {"title": {"type": "string"}, "instance_type": {"type": "string"}},
            },
        }
    ],
    "digest": "d" * 64,
}
REST = {
    "kind": "rest",
    "approval": "always",
    "method": "POST",
    "url": "https://tickets.example.com/issues",
    "body": {"title": "{title}"},
    "hosts": ["tickets.example.com"],
}


@pytest.fixture
def approved(backend_of):
    """Asks for a ticket with this action; carol approves. The backend, and the approval's id."""

    def make(**action):
        actions = {"create_ticket": {**REST, **action}}
        backend = backend_of(tickets={**TICKET, "actions": actions})
        arguments = {"title": "Broken", "instance_type": "p5.48xlarge"}
        backend.model.says(calls(call(arguments, name="create_ticket")))
        answer = backend.chat("a ticket, please", agent="tickets")
        approval_id = answer.json["approval"]["id"]
        backend.open(approval_id)
        assert backend.decide(approval_id).status == 200
        return backend, approval_id

    return make


def told(backend, approval_id):
    backend.record(approval_id)
    [outcome] = outcomes(backend, approval_id)
    return outcome


def test_it_is_handed_over_once_however_often_it_is_delivered(approved):
    backend, approval_id = approved()
    for _ in range(3):
        assert backend.launch(approval_id) == {"v": 2, "status": "succeeded"}
    approval = backend.approval(approval_id)
    [command] = backend.run_action.commands
    assert command == {
        "v": 2,
        "command": "approved",
        "approval_id": approval_id,
        "call_id": approval.calls()[0]["id"],
        "digest": approval.digest,
    }
    assert told(backend, approval_id) == ("succeeded", "done")


@pytest.mark.parametrize("status", ["failed", "unknown"])
def test_what_the_room_says_is_told(approved, status):
    backend, approval_id = approved()
    backend.run_action.answers.append({"v": 2, "status": status, "text": '{"error":"404"}'})
    assert backend.launch(approval_id)["status"] == status
    assert told(backend, approval_id) == (status, '{"error":"404"}')


@pytest.mark.parametrize(
    "answer",
    [
        LOST,
        client_error("ServiceException", "Invoke", status=500),
        Crashed("KeyError"),
        Crashed("Sandbox.Timedout"),
        b"<html>",
        {"status": "succeeded"},
        {"status": "gated", "text": "x"},
        [],
    ],
    ids=str,
)
def test_an_unclear_answer_is_unknown_and_nothing_is_handed_over_again(approved, answer):
    backend, approval_id = approved()
    backend.run_action.answers.append(answer)
    assert backend.launch(approval_id)["status"] == "unknown"
    assert backend.launch(approval_id)["status"] == "unknown"
    assert len(backend.run_action.commands) == 1
    status, text = told(backend, approval_id)
    assert (status, "may have taken effect" in text) == ("unknown", True)


def test_a_crash_after_it_was_handed_over_is_unknown_and_not_a_second_time(approved, monkeypatch):
    backend, approval_id = approved()
    ledger = backend.rooms["launch_instance"].ledger

    def crash(*_, **__):
        raise RuntimeError("crashed")

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "end", crash)
        with pytest.raises(RuntimeError):
            backend.launch(approval_id)
    assert backend.launch(approval_id)["status"] == "unknown"
    assert len(backend.run_action.commands) == 1


def test_where_the_service_knows_a_repeat_an_unclear_answer_is_asked_for_again(approved):
    backend, approval_id = approved(idempotency_header="Idempotency-Key")
    backend.run_action.answers.append(LOST)
    with pytest.raises(LaunchAmbiguous):
        backend.launch(approval_id)
    assert backend.launch(approval_id)["status"] == "succeeded"
    assert len(backend.run_action.commands) == 2


def test_a_repeat_that_does_not_go_out_does_not_hide_what_the_first_one_did(approved):
    backend, approval_id = approved(idempotency_header="Idempotency-Key")
    backend.run_action.answers += [LOST, Crashed("TemporarilyUnavailable")]
    for _ in range(2):
        with pytest.raises(LaunchAmbiguous):
            backend.launch(approval_id)
    assert told(backend, approval_id)[0] == "unknown"


@pytest.mark.parametrize(
    "answer",
    [
        ConnectTimeoutError(endpoint_url=ADDRESS),
        EndpointConnectionError(endpoint_url=ADDRESS),
        client_error("TooManyRequestsException", "Invoke", status=429),
        Crashed("TemporarilyUnavailable"),
    ],
    ids=str,
)
def test_what_did_not_go_out_is_tried_again_and_in_the_end_told_as_not_sent(approved, answer):
    backend, approval_id = approved()
    backend.run_action.answers += [answer, answer]
    for _ in range(2):
        with pytest.raises(TemporarilyUnavailable):
            backend.launch(approval_id)
    status, text = told(backend, approval_id)
    assert (status, text.endswith("nothing was sent.")) == ("failed", True)


def test_after_a_try_that_did_not_go_out_the_next_one_counts(approved):
    backend, approval_id = approved()
    backend.run_action.answers.append(Crashed("TemporarilyUnavailable"))
    with pytest.raises(TemporarilyUnavailable):
        backend.launch(approval_id)
    assert backend.launch(approval_id)["status"] == "succeeded"


def test_a_manifest_that_changed_since_is_told_in_the_room_s_own_sentence(approved):
    backend, approval_id = approved()
    backend.run_action.answers.append(Crashed("LaunchRefused", "The manifest's action differs."))
    assert backend.launch(approval_id)["status"] == "denied"
    assert told(backend, approval_id) == (
        "denied",
        "The manifest's action differs. Nothing was sent.",
    )


def test_frozen_nothing_is_handed_over(approved):
    backend, approval_id = approved()
    freeze(FROZEN)
    assert backend.launch(approval_id)["status"] == "denied"
    assert backend.run_action.commands == []
    status, text = told(backend, approval_id)
    assert text.endswith("Nothing was sent.")


def test_it_is_no_launch_whatever_its_arguments_are_called(approved):
    backend, approval_id = approved()
    assert backend.approval(approval_id).calls()[0]["arguments"]["instance_type"] == "p5.48xlarge"
    assert backend.launch(approval_id)["status"] == "succeeded"
    assert (backend.ec2.rehearsals, backend.ec2.requests) == ([], [])


def test_one_that_was_never_carried_out_says_that_nothing_was_sent(approved):
    backend, approval_id = approved()
    status, text = told(backend, approval_id)
    assert (status, text) == (
        "failed",
        "It was approved, but it was not carried out; nothing was sent.",
    )
