"""One request's id goes with it from the page to the execution: record, workflow and every room's lines have it."""

import io
import json

import pytest

from functions.shared.observe import asked_in, begin, logger
from tests.support.backend import TOKEN
from tests.support.fake_model import call, calls


@pytest.fixture
def written(monkeypatch):
    """The lines since it was last read, each with its room's service left aside."""
    stream = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)

    def read():
        lines = [json.loads(line) for line in stream.getvalue().splitlines()]
        stream.seek(0)
        stream.truncate()
        return lines

    return read


def requests_in(lines):
    return {line.get("request_id") for line in lines}


@pytest.fixture
def asked(backend):
    """A request for an instance, and the id of the request to the API that asked."""
    approval_id = backend.ask()
    request_id = backend.approval(approval_id).request_id
    assert request_id.startswith("request-")
    return approval_id, request_id


def test_the_record_and_the_execution_name_the_request_that_asked(backend, asked):
    approval_id, request_id = asked
    assert backend.states.executions[approval_id] == {
        "v": 2,
        "approval_id": approval_id,
        "request_id": request_id,
    }


def test_an_idempotency_key_takes_nothing_from_it(backend):
    backend.model.says(calls(call()))
    view = backend.chat("Run an instance", key="a-key-of-the-client").json
    request_id = backend.approval(view["approval"]["id"]).request_id
    assert request_id.startswith("request-")


def test_every_room_of_the_workflow_writes_the_request_that_asked(backend, asked, written):
    approval_id, request_id = asked
    steps = {
        "preflight": lambda: backend.preflight(approval_id),
        "request_approval": lambda: backend.request(approval_id),
        "record_outcome": lambda: backend.record(approval_id),
        "launch_instance": lambda: backend.launch(approval_id),
    }
    written()
    steps["preflight"]()
    assert requests_in(written()) == {request_id}
    backend.rehearse(approval_id)
    written()
    steps["request_approval"]()
    assert requests_in(written()) == {request_id}
    backend.decide(approval_id)
    written()
    steps["launch_instance"]()
    lines = written()
    assert requests_in(lines) == {request_id}
    assert {line["approval_id"] for line in lines} == {approval_id}
    steps["record_outcome"]()
    assert requests_in(written()) == {request_id}
    backend.model.says("It runs.")
    backend.last_word(approval_id)
    assert requests_in(written()) <= {request_id}


def test_who_decides_has_a_request_of_their_own_and_the_approval_beside_it(backend, asked, written):
    approval_id, request_id = asked
    backend.open(approval_id, token=TOKEN)
    written()
    backend.decide(approval_id)
    [line] = [one for one in written() if one["message"] == "approval was decided"]
    assert line["request_id"].startswith("request-")
    assert line["request_id"] != request_id
    assert line["approval_id"] == approval_id


def test_a_batch_names_each_approval_s_own_request(backend, written):
    asked = [backend.ask(), backend.ask(by="bob")]
    for approval_id in asked:
        backend.open(approval_id)
    written()
    from functions.request_approval.handler import handler
    from tests.support.gateway import LambdaContext

    handler({"v": 2, "command": "remind", "approval_ids": asked}, LambdaContext())
    lines = [one for one in written() if one["message"] == "approvers were reminded"]
    assert [one["approval_id"] for one in lines] == asked
    assert [one["request_id"] for one in lines] == [
        backend.approval(approval_id).request_id for approval_id in asked
    ]


def test_what_goes_on_in_the_background_stays_with_its_request(backend, written):
    from functions.chat.model import ModelTimeout

    backend.model.says(ModelTimeout())
    view = backend.chat("Run an instance").json
    [command] = backend.handed_over
    assert command["request_id"].startswith("request-")
    backend.model.says(calls(call()))
    written()
    backend.continue_turn(command)
    approval_id = backend.turns(view["conversation_id"])[-1]["approval"]["id"]
    assert backend.approval(approval_id).request_id == command["request_id"]
    assert requests_in(written()) <= {command["request_id"]}


def test_a_room_that_is_asked_for_a_call_nobody_countersigns_is_told_the_request(backend):
    backend.model.says(calls(call({}, name="list_images")), "These.")
    backend.chat("What images are there?")
    [handed] = backend.actions.handed_over
    assert handed.whose.request_id.startswith("request-")


@pytest.mark.parametrize("room", ["catalogue", "run_action", "ask_sandbox"])
def test_the_rooms_that_are_asked_by_the_chat_bind_its_request(room, written, monkeypatch):
    import importlib

    from tests.support.gateway import LambdaContext

    module = importlib.import_module(f"functions.{room}.handler")

    def said(*_, **__):
        logger.info("here")
        return []

    for name in ("answer", "run_calls", "deps", "running", "asking"):
        if hasattr(module, name):
            monkeypatch.setattr(module, name, said if name in ("answer", "run_calls") else FakeRoom)
    event = {
        "v": 1,
        "agent": "ec2",
        "manifest": "m",
        "seconds": 5,
        "calls": [],
        "owner": "sub",
        "conversation_id": "c" * 26,
        "turn": 1,
        "request_id": "req-one",
    }
    module.handler(event, LambdaContext())
    assert "req-one" in requests_in(written())
    module.handler(
        {name: value for name, value in event.items() if name != "request_id"}, LambdaContext()
    )
    assert requests_in(written()) == {None}


class FakeRoom:
    """Has whatever it is asked for."""

    def __getattr__(self, name):
        return lambda *_, **__: None


def test_an_approval_of_an_earlier_release_is_not_given_the_request_of_the_one_before(written):
    begin(None)
    asked_in("req-one")
    asked_in("")
    logger.info("here")
    assert requests_in(written()) == {None}
