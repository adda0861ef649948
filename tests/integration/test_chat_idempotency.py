"""`Idempotency-Key`: one turn, one model call, the same answer; failed turns run again under their number."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from functions.chat.model import ModelBroken, ModelOverloaded
from functions.shared.aws import client
from functions.shared.identifiers import new_id
from tests.support.fake_model import call, calls
from tests.support.fake_states import client_error
from tests.support.wire import watched


def test_the_same_key_with_the_same_body_gives_the_same_answer_and_asks_the_model_once(backend):
    backend.model.says("hi")
    first = backend.chat("hello", key="k1")
    second = backend.chat("hello", key="k1")
    assert (second.status, second.json) == (first.status, first.json)
    assert len(backend.model.asked) == 1
    assert len(backend.turns(first.json["conversation_id"])) == 1


def test_a_key_costs_one_conditional_claim_before_the_model(backend):
    backend.model.says("hi")
    with watched(client("dynamodb")) as wire:
        backend.chat("hello", key="k1")
    assert wire.operations() == ["dynamodb.PutItem", "dynamodb.PutItem"]


def test_a_gated_turn_is_asked_for_once(backend):
    backend.model.says(calls(call()))
    first = backend.chat("kondo", key="k1").json
    second = backend.chat("kondo", key="k1").json
    assert second["approval"]["id"] == first["approval"]["id"]
    assert len(backend.states.executions) == 1


@pytest.mark.parametrize(
    "other", [{"message": "hello!"}, {"agent": "ec2"}, {"conversation_id": "a" * 26}]
)
def test_the_same_key_with_another_body_is_422(backend, other):
    backend.model.says("hi")
    backend.chat("hello", key="k1")
    answer = backend.chat(**{"message": "hello", "key": "k1", **other})
    assert (answer.status, answer.json["code"]) == (422, "idempotency_key_reused")
    assert len(backend.model.asked) == 1


def test_a_key_belongs_to_its_person(backend):
    backend.model.says("to alice", "to bob")
    one = backend.chat("hello", key="k1")
    other = backend.chat("hello", key="k1", by="bob")
    assert other.json["reply"] == "to bob"
    assert one.json["conversation_id"] != other.json["conversation_id"]


@pytest.mark.parametrize("key", ["a b", "é", "x" * 201])
def test_a_key_that_cannot_be_one_is_400(backend, key):
    assert backend.chat("hello", key=key).status == 400


def test_twenty_at_once_make_one_turn_and_one_model_call(backend):
    backend.model.says("hi")
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: backend.chat("hello", key="k1"), range(20)))
    assert len(backend.model.asked) == 1
    good = [answer.json for answer in answers if answer.status == 200]
    assert good
    assert all(one == good[0] for one in good)
    assert {answer.status for answer in answers} <= {200, 409}
    assert len(backend.turns(good[0]["conversation_id"])) == 1


def test_a_failed_turn_runs_again_under_its_number_with_the_same_key(backend):
    backend.model.says("hi")
    conversation_id = backend.chat("hello").json["conversation_id"]
    backend.model.says(ModelOverloaded(), ModelBroken(), "finally")
    for _ in range(2):
        failed = backend.chat("again", key="k1", conversation_id=conversation_id)
        assert failed.status in (502, 503)
        assert (failed.json["turn"], failed.json["retryable"]) == (2, True)
    answer = backend.chat("again", key="k1", conversation_id=conversation_id)
    assert (answer.status, answer.json["turn"], answer.json["reply"]) == (200, 2, "finally")
    turns = backend.turns(conversation_id)
    assert [turn["message"] for turn in turns] == ["hello", "again"]
    assert "error" not in turns[1]
    assert (
        backend.chat("again", key="k1", conversation_id=conversation_id).json["reply"] == "finally"
    )


def test_a_failed_first_turn_runs_again_in_the_conversation_it_began(backend):
    backend.model.says(ModelBroken(), "finally")
    failed = backend.chat("hello", key="k1").json
    answer = backend.chat("hello", key="k1").json
    assert answer["conversation_id"] == failed["conversation_id"]
    [row] = backend.http("GET /conversations").json["conversations"]
    assert row["title"] == "hello"


def test_a_failed_turn_keeps_its_place_when_the_conversation_went_on(backend):
    backend.model.says(ModelBroken())
    conversation_id = backend.chat("one", key="k1").json["conversation_id"]
    backend.model.says(calls(call(id="call_x")))
    backend.chat("two", conversation_id=conversation_id)
    backend.model.says(calls(call(id="call_x")))
    again = backend.chat("one", key="k1").json
    assert again["turn"] == 1
    assert [turn["message"] for turn in backend.turns(conversation_id)] == ["one", "two"]
    [(one,), (two,)] = [
        [call["id"] for call in turn["tool_calls"]] for turn in backend.turns(conversation_id)
    ]
    assert one != two
    assert two == "call_x"


def test_the_model_of_a_turn_that_runs_again_sees_what_came_before_it_only(backend):
    backend.model.says("r1", ModelBroken())
    conversation_id = backend.chat("one").json["conversation_id"]
    backend.chat("two", key="k", conversation_id=conversation_id)
    backend.model.says("r3", "r2")
    backend.chat("three", conversation_id=conversation_id)
    backend.chat("two", key="k", conversation_id=conversation_id)
    said = [message["content"] for message in backend.model.asked[-1].messages[1:]]
    assert said == ["one", "r1", "two"]


def test_two_retries_at_once_leave_one_turn(backend):
    backend.model.says(ModelBroken())
    conversation_id = backend.chat("one", key="k1").json["conversation_id"]

    def the_other_retry():
        from tests.support.fake_model import text

        backend.model.queue.appendleft(text("inner"))
        assert backend.chat("one", key="k1").json["reply"] == "inner"
        return text("outer")

    backend.model.says(the_other_retry)
    answer = backend.chat("one", key="k1")
    assert (answer.status, answer.json["reply"]) == (200, "inner")
    assert [turn["reply"] for turn in backend.turns(conversation_id)] == ["inner"]


def test_a_request_that_was_refused_gives_its_key_back_each_time(backend):
    unknown = new_id()
    began = backend.clock.now
    for _ in range(3):
        assert backend.chat("hello", key="k1", conversation_id=unknown).status == 404
    assert backend.clock.now == began


def test_a_request_still_being_answered_makes_its_repeat_wait_then_409(backend):
    def meanwhile():
        from tests.support.fake_model import text

        repeat = backend.chat("hello", key="k1", milliseconds=4_000)
        assert (repeat.status, repeat.json["code"]) == (409, "turn_in_progress")
        return text("hi")

    backend.model.says(meanwhile)
    assert backend.chat("hello", key="k1").json["reply"] == "hi"


def test_a_claim_that_a_crash_left_is_taken_over(backend, monkeypatch):
    def crash(*_, **__):
        raise client_error("InternalServerError", status=500)

    backend.model.says("lost")
    with monkeypatch.context() as patch:
        patch.setattr(backend.rooms["chat"].conversations, "append", crash)
        assert backend.chat("hello", key="k1").status == 503
    backend.clock.turn(61)
    backend.model.says("hi")
    answer = backend.chat("hello", key="k1")
    assert (answer.status, answer.json["reply"]) == (200, "hi")


def test_without_a_key_a_message_sent_twice_is_two_turns(backend):
    backend.model.says("one", "two")
    conversation_id = backend.chat("hello").json["conversation_id"]
    backend.chat("hello", conversation_id=conversation_id)
    assert [turn["reply"] for turn in backend.turns(conversation_id)] == ["one", "two"]
