"""Chat with an agent that has a notebook: its files, a conversation that begins with one, and code that takes long."""

import pytest

from functions.chat.rooms import OUT_OF_TIME, Result
from functions.shared.aws import client
from functions.shared.uploads import Upload, Uploads
from tests.support.account import CONVERSATIONS
from tests.support.agents import compiled_agent
from tests.support.fake_model import call, calls

RUN = {"kind": "notebook", "approval": "never"}
SAY = {"kind": "message_template", "message": "Said {a}.", "approval": "never"}
CODE = {"type": "object", "properties": {"code": {"type": "string"}}}
HERE = "a" * 26


@pytest.fixture
def backend(backend_of):
    made = backend_of(
        analyst=compiled_agent(
            "analyst",
            actions={"run": RUN, "ask": {"kind": "notebook"}},
            functions=[{"name": name, "parameters": CODE} for name in ("run", "ask")],
            notebook=True,
            resources=["prices.csv"],
        ),
        clerk=compiled_agent("clerk", actions={"say": SAY}),
    )
    made.actions.python = True
    return made


@pytest.fixture
def uploads(backend):
    return Uploads(client("dynamodb"), CONVERSATIONS)


def upload(uploads, backend, name="sales.csv", who="alice", here=HERE):
    given = Upload(name=name, bytes=10, packed_bytes=8, at="2026-01-02T03:04:05Z")
    assert uploads.add(backend.human(who).sub, here, given, keep_days=36_500)


def prompt(backend, request=-1):
    return backend.model.asked[request].messages[0]["content"]


def test_a_conversation_begins_with_a_file_and_the_model_is_told_its_name(backend, uploads):
    upload(uploads, backend)
    backend.model.says("I see it.")
    view = backend.chat("Look at my file", agent="analyst", conversation_id=HERE).json
    assert (view["conversation_id"], view["turn"], view["reply"]) == (HERE, 1, "I see it.")
    assert prompt(backend).endswith('["prices.csv", "sales.csv"]')
    [row] = backend.http("GET /conversations").json["conversations"]
    assert row["conversation_id"] == HERE


def test_a_file_does_not_count_as_a_turn(backend, uploads):
    backend.model.says("Hello.", "Hello again.")
    here = backend.chat("Hi", agent="analyst").json["conversation_id"]
    upload(uploads, backend, here=here)
    view = backend.chat("And now?", conversation_id=here).json
    assert view["turn"] == 2
    assert "sales.csv" in prompt(backend)
    assert [turn["message"] for turn in backend.turns(here)] == ["Hi", "And now?"]


def test_nobody_goes_on_where_somebody_else_has_put_a_file(backend, uploads):
    upload(uploads, backend, who="bob")
    answer = backend.chat("Look", agent="analyst", conversation_id=HERE)
    assert answer.status == 404
    assert backend.model.asked == []


def test_an_agent_without_python_hears_of_no_files(backend, uploads):
    upload(uploads, backend)
    backend.model.says("Hello.")
    backend.chat("Hi", agent="clerk", conversation_id=HERE)
    assert "sales.csv" not in prompt(backend)


def test_code_that_takes_longer_than_a_request_is_answered_later(backend):
    backend.actions.says["run"] = Result(OUT_OF_TIME, "")
    backend.model.says(calls(call({"code": "1"}, name="run", id="c1")))
    answer = backend.chat("Compute", agent="analyst")
    assert (answer.status, answer.json["status"]) == (202, "working")
    backend.actions.says["run"] = Result("succeeded", "42")
    backend.model.says("It is 42.")
    backend.continue_turn(backend.handed_over[0])
    [turn] = backend.turns(answer.json["conversation_id"])
    assert (turn["status"], turn["reply"]) == ("completed", "It is 42.")
    assert turn["tool_calls"][0]["result"] == "42"
    first, second = backend.actions.handed_over
    assert first.seconds < 24 < 100 < second.seconds
    assert first.whose == second.whose


def test_who_asks_for_code_to_be_countersigned_reads_where_it_runs_and_what_it_is(backend):
    backend.model.says(calls(call({"code": "import os\nos.listdir()"}, name="ask")))
    view = backend.chat("Look around", agent="analyst").json
    assert view["status"] == "awaiting_approval"
    assert "no network, no rights in AWS, at most 30 seconds" in view["reply"]
    assert "os.listdir()" in view["reply"]
    plan = backend.approval(view["approval"]["id"]).plan_value()
    assert plan["calls"][0]["parameters"]["sandbox"] == {"confinement": "vpc", "seconds": 30}


def test_more_code_than_people_can_be_shown_at_once_is_asked_for_in_parts(backend):
    long = [call({"code": f"x = {n}  # " + "e" * 14_000}, name="ask") for n in range(8)]
    backend.model.says(calls(*long))
    view = backend.chat("Do it all", agent="analyst").json
    assert (view["status"], view["approval"]) == ("completed", None)
    assert "ask for fewer at once" in view["reply"]
    assert {one["status"] for one in view["tool_calls"]} == {"refused"}
