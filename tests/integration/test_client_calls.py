"""Functions of the client: handed out, answered once, and then the agent goes on."""

from dataclasses import replace

import pytest

import functions.chat.handler
from functions.chat.model import ModelBroken
from tests.support.agents import agent_of, compiled_agent
from tests.support.chat_completions import check_valid
from tests.support.fake_model import call, calls
from tests.support.talking import Known

ROUTE = "POST /conversations/{conversation_id}/tool_results"
CLIENT = {"kind": "client", "approval": "never"}
SEND = {"kind": "message_template", "message": "Sent {a}.", "approval": "always"}


@pytest.fixture
def backend(backend_of):
    return backend_of(desk=compiled_agent("desk", actions={"look": CLIENT, "touch": CLIENT}))


def asked(backend, *functions):
    """The conversation in which these functions wait for the client, by call ids c1, c2, …"""
    requested = [call({}, name=name, id=f"c{n}") for n, name in enumerate(functions, 1)]
    backend.model.says(calls(*requested))
    return backend.chat("What is on my screen?", agent="desk").json


def gives(backend, conversation, call_id="c1", result="a cat", by="alice"):
    body = {"tool_call_id": call_id, "result": result}
    return backend.http(ROUTE, by=by, body=body, conversation_id=conversation)


def test_a_call_of_the_client_is_handed_out_and_its_result_lets_the_agent_go_on(backend):
    view = asked(backend, "look")
    assert view["status"] == "awaiting_client"
    assert view["tool_calls"][0]["status"] == "awaiting_client"
    backend.model.says("A cat, I hear.")
    answer = gives(backend, view["conversation_id"])
    assert (answer.status, answer.json["turn"], answer.json["reply"]) == (200, 2, "A cat, I hear.")
    messages = backend.model.asked[-1].messages
    check_valid(messages)
    assert messages[-1] == {"role": "tool", "tool_call_id": "c1", "content": "a cat"}
    first, second = backend.turns(view["conversation_id"])
    assert first["tool_calls"][0] == {
        "id": "c1",
        "name": "look",
        "arguments": {},
        "status": "answered",
        "result": "a cat",
        "outside": True,
    }
    assert (first["status"], second["message"]) == ("completed", "")


def test_a_json_value_is_a_result_too(backend):
    view = asked(backend, "look")
    backend.model.says("I see.")
    gives(backend, view["conversation_id"], result={"seen": ["cat", 2]})
    assert backend.model.asked[-1].messages[-1]["content"] == '{"seen": ["cat", 2]}'


def test_half_a_character_in_a_result_is_stored_as_one_that_can_be(backend):
    view = asked(backend, "look")
    backend.model.says("I see.")
    assert gives(backend, view["conversation_id"], result="a \ud800").status in (200, 400)


def test_the_agent_goes_on_only_when_every_call_has_its_result(backend):
    view = asked(backend, "look", "touch")
    waiting = gives(backend, view["conversation_id"], "c2", "soft")
    assert waiting.json["status"] == "awaiting_client"
    assert len(backend.model.asked) == 1
    backend.model.says("A soft cat.")
    assert gives(backend, view["conversation_id"], "c1").json["reply"] == "A soft cat."


def test_the_same_result_again_is_answered_as_before_and_another_one_is_refused(backend):
    view = asked(backend, "look")
    backend.model.says("A cat.")
    first = gives(backend, view["conversation_id"])
    again = gives(backend, view["conversation_id"])
    assert (again.status, again.json) == (200, first.json)
    other = gives(backend, view["conversation_id"], result="a dog")
    assert (other.status, other.json["code"]) == (409, "already_answered")
    assert len(backend.model.asked) == 2


def test_after_a_failure_of_the_model_the_same_result_lets_it_try_again(backend):
    view = asked(backend, "look")
    backend.model.says(ModelBroken())
    assert gives(backend, view["conversation_id"]).status == 502
    backend.model.says("A cat.")
    assert gives(backend, view["conversation_id"]).json["reply"] == "A cat."
    assert [turn["status"] for turn in backend.turns(view["conversation_id"])] == ["completed"] * 2


@pytest.mark.parametrize("call_id", ["c9", "call_1_1"])
def test_a_call_that_nobody_handed_out_is_not_found(backend, call_id):
    view = asked(backend, "look")
    assert gives(backend, view["conversation_id"], call_id).status == 404


def test_somebody_elses_conversation_is_not_found(backend):
    view = asked(backend, "look")
    assert gives(backend, view["conversation_id"], by="bob").status == 404


def test_a_result_of_a_gated_call_cannot_be_given_by_the_client(backend):
    backend.model.says(calls(call(id="c1")))
    view = backend.chat("Start one.").json
    assert gives(backend, view["conversation_id"]).status == 404
    assert view["status"] == "awaiting_approval"


def test_beside_a_gated_call_the_clients_waits_too_and_the_last_word_comes_after_both(backend_of):
    desk = compiled_agent("desk", actions={"look": CLIENT, "send": SEND})
    backend = backend_of(desk=desk)
    backend.model.says(
        calls(call({}, name="look", id="c1"), call({"a": "x"}, name="send", id="c2"))
    )
    view = backend.chat("Look and send", agent="desk").json
    assert view["status"] == "awaiting_approval"
    assert [one["status"] for one in view["tool_calls"]] == ["awaiting_client", "waiting"]
    assert gives(backend, view["conversation_id"], "c2").status == 404
    [turn] = [gives(backend, view["conversation_id"]).json]
    assert [one["status"] for one in turn["tool_calls"]] == ["answered", "waiting"]
    assert len(backend.model.asked) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"tool_call_id": "c1"}, 400),
        ({"result": "x"}, 400),
        ({"tool_call_id": "c1", "result": "x", "approved": True}, 400),
        ({"tool_call_id": "c1", "result": "x" * 16_500}, 413),
    ],
)
def test_a_body_that_is_not_one_result_is_refused(backend, body, status):
    view = asked(backend, "look")
    answer = backend.http(ROUTE, body=body, conversation_id=view["conversation_id"])
    assert answer.status == status


def test_who_writes_on_instead_is_answered_and_the_result_still_counts_later(backend):
    view = asked(backend, "look")
    backend.model.says("Never mind then.")
    here = view["conversation_id"]
    backend.chat("Forget it.", conversation_id=here)
    check_valid(backend.model.asked[-1].messages)
    assert "waiting_for_client" in str(backend.model.asked[-1].messages)
    assert gives(backend, here).json["turn"] == 1
    backend.model.says("So it was a cat.")
    backend.chat("And now?", conversation_id=here)
    assert any(one.get("content") == "a cat" for one in backend.model.asked[-1].messages)


def test_an_agent_that_starts_begins_without_a_message(backend_of):
    backend = backend_of(host=compiled_agent("host", actions={}, starts=True))
    backend.model.says("When is the meeting?")
    answer = backend.http("POST /chat", body={"agent": "host"})
    assert answer.json["reply"] == "When is the meeting?"
    assert [one["role"] for one in backend.model.asked[0].messages] == ["system"]
    [turn] = backend.turns(answer.json["conversation_id"])
    assert turn["message"] == ""
    assert backend.http("POST /chat", body={"agent": "ec2"}).status == 400
    here = answer.json["conversation_id"]
    assert backend.http("POST /chat", body={"conversation_id": here}).status == 400


def test_an_agent_for_other_groups_does_not_exist_for_the_caller(backend_of):
    closed = compiled_agent("closed", actions={}, access={"use": ["doctors"]})
    backend = backend_of(closed=closed)
    answer = backend.chat("Hello", agent="closed")
    assert (answer.status, answer.json["code"]) == (404, "unknown_agent")


def test_a_manifest_that_changed_is_told_once(backend_of, monkeypatch):
    backend = backend_of(desk=compiled_agent("desk", actions={}))
    backend.model.says("One.", "Two.", "Three.")
    here = backend.chat("1", agent="desk").json["conversation_id"]
    changed = Known([agent_of("desk", actions={}, digest="f" * 64)])
    chat = replace(backend.rooms["chat"], agents=changed)
    monkeypatch.setattr(functions.chat.handler, "deps", lambda: chat)
    second = backend.chat("2", conversation_id=here).json
    third = backend.chat("3", conversation_id=here).json
    assert "manifest has changed" in second["notice"]
    assert "notice" not in third
    assert [turn.get("notice", "") != "" for turn in backend.turns(here)] == [False, True, False]
