"""A model that fails, is slow, or answers nonsense: the message is kept, the person is told, the next turn works."""

from dataclasses import replace

import pytest

from functions.chat import model_key
from functions.chat.compose import compose
from functions.chat.model import (
    ModelBadAnswer,
    ModelBroken,
    ModelKeyMissing,
    ModelOverloaded,
    ModelRefused,
    ModelTimeout,
    ModelUnauthorized,
    ModelUnreachable,
)
from functions.shared.aws import client
from tests.support.account import MODEL_KEY
from tests.support.backend import settings_of
from tests.support.chat_completions import check_valid
from tests.support.fake_model import call, calls
from tests.support.model_service import model_service
from tests.support.wire import watched

LEAK = "sk-proj-of-the-provider"
FAILURES = [
    (ModelUnauthorized, 502, "model_unauthorized", True),
    (ModelKeyMissing, 503, "model_key_missing", True),
    (ModelOverloaded, 503, "model_overloaded", True),
    (ModelRefused, 502, "model_refused", False),
    (ModelBroken, 502, "model_failed", True),
    (ModelUnreachable, 503, "model_unreachable", True),
    (ModelBadAnswer, 502, "model_bad_answer", True),
]


@pytest.mark.parametrize(("failure", "status", "code", "retryable"), FAILURES)
def test_ec2_24_a_failure_is_told_kept_and_left_out_of_the_history(
    backend, failure, status, code, retryable
):
    backend.model.says("hi", failure(), "fine again")
    conversation_id = backend.chat("one").json["conversation_id"]
    answer = backend.chat("two", conversation_id=conversation_id)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json
    assert problem["detail"].startswith("Unable to generate ChatCompletion response\nException: ")
    told = {name: problem[name] for name in ("code", "turn", "retryable", "conversation_id")}
    assert told == {
        "code": code,
        "turn": 2,
        "retryable": retryable,
        "conversation_id": conversation_id,
    }
    assert ("retry-after" in answer.headers) is retryable
    after = backend.chat("three", conversation_id=conversation_id)
    assert (after.status, after.json["turn"]) == (200, 3)
    said = [message["content"] for message in backend.model.asked[-1].messages[1:]]
    assert said == ["one", "hi", "three"]
    turns = backend.turns(conversation_id)
    assert [turn["status"] for turn in turns] == ["completed", "failed", "completed"]
    assert turns[1]["message"] == "two"
    assert turns[1]["error"]["code"] == code


def test_a_failure_on_the_first_message_makes_a_conversation_that_can_be_read(backend):
    backend.model.says(ModelBroken())
    conversation_id = backend.chat("hello").json["conversation_id"]
    assert backend.turns(conversation_id)[0]["message"] == "hello"


SERVICE_FAULTS = [
    ({"status": 401, "text": LEAK}, 502),
    ({"status": 429, "text": LEAK}, 503),
    ({"status": 500, "text": LEAK}, 502),
    ({"raw": f"<html>{LEAK}", "content_type": "text/html"}, 502),
    ({"text": LEAK, "cut": True}, 502),
    ({"drop": True}, 503),
]


@pytest.fixture
def with_service(monkeypatch, backend, account, agents_file):
    """The composed model itself, its key from the secret, against a service on a socket."""
    model_key._secrets.cache_clear()
    composed = compose(settings_of(account, agents_file)["chat"])
    chat = replace(backend.rooms["chat"], model=composed.model)
    monkeypatch.setattr("functions.chat.handler.deps", lambda: chat)
    monkeypatch.setattr("functions.chat.continue_turn.deps", lambda: chat)
    with model_service() as service:
        yield service


@pytest.mark.parametrize(("fault", "status"), SERVICE_FAULTS, ids=lambda value: str(value)[:24])
def test_ec2_24_no_word_of_the_provider_reaches_answer_transcript_or_log(
    backend, with_service, capsys, fault, status
):
    with_service.answers(fault, fault)
    answer = backend.chat("hello")
    assert answer.status == status
    shown = str(backend.turns(answer.json["conversation_id"])) + answer.text
    shown += str(capsys.readouterr())
    assert LEAK not in shown
    assert MODEL_KEY not in shown


def test_ec2_08_the_secrets_key_and_the_settings_model_reach_the_service(backend, with_service):
    with_service.answers({"text": "hi"}, {"text": "again"})
    assert backend.chat("hello").json["reply"] == "hi"
    [body], [headers] = with_service.bodies, with_service.headers
    assert body["model"] == "test-model"
    assert "tool_choice" not in body
    assert headers["authorization"] == f"Bearer {MODEL_KEY}"


def test_the_key_is_read_once_in_five_minutes(backend, with_service):
    with_service.answers(*({"text": "hi"} for _ in range(3)))
    with watched(client("secretsmanager")) as wire:
        for _ in range(3):
            assert backend.chat("hello").status == 200
    assert wire.operations() == ["secrets-manager.GetSecretValue"]


def test_a_rotated_key_is_read_again_without_a_new_deploy(backend, with_service, account):
    with_service.answers({"text": "hi"}, {"status": 401, "text": "no"}, {"text": "again"})
    backend.chat("hello")
    client("secretsmanager").put_secret_value(SecretId=account.secret_arn, SecretString="sk-new")
    assert backend.chat("hello").json["reply"] == "again"
    keys = [headers["authorization"] for headers in with_service.headers]
    assert keys == [f"Bearer {MODEL_KEY}", f"Bearer {MODEL_KEY}", "Bearer sk-new"]
    client("secretsmanager").put_secret_value(SecretId=account.secret_arn, SecretString=MODEL_KEY)


def test_a_secret_that_cannot_be_read_is_told_in_our_words(
    backend, monkeypatch, account, agents_file
):
    missing = replace(settings_of(account, agents_file)["chat"], model_secret_arn="missing")
    model = compose(missing).model
    chat = replace(backend.rooms["chat"], model=model)
    monkeypatch.setattr("functions.chat.handler.deps", lambda: chat)
    answer = backend.chat("hello")
    assert (answer.status, answer.json["code"]) == (503, "model_key_missing")
    assert backend.turns(answer.json["conversation_id"])[0]["status"] == "failed"


def slow(backend, message="slow", **more):
    backend.model.says(ModelTimeout())
    answer = backend.chat(message, **more)
    assert answer.status == 202, answer.text
    return answer


def test_a_model_slower_than_the_turn_is_202_and_the_background_finishes(backend):
    answer = slow(backend)
    assert answer.headers["retry-after"] == "2"
    conversation_id = answer.json["conversation_id"]
    assert answer.json["status"] == "working"
    assert backend.turns(conversation_id)[0]["status"] == "working"
    [command] = backend.handed_over
    backend.model.says("at last")
    backend.continue_turn(command)
    [turn] = backend.turns(conversation_id)
    assert (turn["status"], turn["reply"], turn["message"]) == ("completed", "at last", "slow")
    backend.continue_turn(command)
    backend.continue_turn(command)
    assert len(backend.model.asked) == 2


def test_the_model_has_minutes_in_the_background(backend):
    slow(backend)
    backend.model.says("at last")
    backend.continue_turn(backend.handed_over[0], milliseconds=300_000)
    assert backend.model.asked[0].seconds < 24
    assert backend.model.asked[1].seconds > 200


def test_a_working_turn_may_end_in_a_request_for_approval(backend):
    conversation_id = slow(backend, "kondo").json["conversation_id"]
    backend.model.says(calls(call()))
    backend.continue_turn(backend.handed_over[0])
    [turn] = backend.turns(conversation_id)
    assert turn["status"] == "awaiting_approval"
    assert list(backend.states.executions) == [turn["approval"]["id"]]
    assert backend.approval(turn["approval"]["id"]).request_words == "kondo"
    backend.continue_turn(backend.handed_over[0])
    assert len(backend.states.executions) == 1


@pytest.mark.parametrize("failure", [ModelBroken, ModelTimeout])
def test_a_failure_in_the_background_ends_the_turn_and_it_may_run_again(backend, failure):
    answer = slow(backend, key="k1")
    backend.model.says(failure())
    backend.continue_turn(backend.handed_over[0])
    [turn] = backend.turns(answer.json["conversation_id"])
    assert turn["status"] == "failed"
    assert turn["error"]["code"] == failure.code
    backend.model.says("at last")
    assert backend.chat("slow", key="k1").json["reply"] == "at last"


def test_a_working_turn_is_answered_as_working_to_the_same_key(backend):
    slow(backend, key="k1")
    again = backend.chat("slow", key="k1")
    assert (again.status, again.json["status"]) == (202, "working")
    assert len(backend.model.asked) == 1


def test_a_turn_that_always_crashes_is_given_up_after_three_tries(backend):
    conversation_id = slow(backend, key="k1").json["conversation_id"]
    for _ in range(3):
        backend.model.says(RuntimeError("poison"))
        with pytest.raises(RuntimeError):
            backend.continue_turn(backend.handed_over[0])
        assert backend.turns(conversation_id)[0]["status"] == "working"
    asked = len(backend.model.asked)
    backend.continue_turn(backend.handed_over[0])
    assert len(backend.model.asked) == asked
    [turn] = backend.turns(conversation_id)
    assert (turn["status"], turn["error"]["code"]) == ("failed", "turn_gave_up")
    assert "Unable to generate ChatCompletion response" in turn["error"]["detail"]
    backend.model.says("fine again")
    assert backend.chat("next", conversation_id=conversation_id).status == 200
    check_valid(backend.model.asked[-1].messages)


def test_a_turn_tried_again_by_hand_has_its_three_tries_anew(backend):
    slow(backend, key="k1")
    for _ in range(4):
        backend.model.says(ModelBroken())
        backend.continue_turn(backend.handed_over[-1])
        slow(backend, key="k1")
    backend.model.says("at last")
    backend.continue_turn(backend.handed_over[-1])
    assert backend.chat("slow", key="k1").json["reply"] == "at last"


def test_a_working_turn_that_nobody_took_up_is_found_by_the_sweep(backend):
    conversation_id = slow(backend).json["conversation_id"]
    backend.sweep()
    assert backend.invoked == []
    backend.clock.turn(91)
    backend.sweep()
    [(room, taken_up)] = backend.invoked
    handed_over = {**backend.handed_over[0]}
    assert handed_over.pop("request_id")
    assert (room, taken_up) == ("continue_turn", handed_over)
    backend.model.says("at last")
    backend.continue_turn(backend.invoked[0][1])
    assert backend.turns(conversation_id)[0]["status"] == "completed"
    backend.invoked.clear()
    backend.clock.turn(1000)
    backend.sweep()
    assert backend.invoked == []


def test_two_workers_on_one_turn_leave_one_ending(backend):
    conversation_id = slow(backend).json["conversation_id"]

    def the_other_worker():
        backend.model.queue.appendleft(calls(call()))
        backend.continue_turn(backend.handed_over[0])
        return calls(call())

    backend.model.says(the_other_worker)
    backend.continue_turn(backend.handed_over[0])
    [turn] = backend.turns(conversation_id)
    assert turn["status"] == "awaiting_approval"
    assert list(backend.states.executions) == [turn["approval"]["id"]]


def test_a_command_of_another_version_is_refused(backend):
    slow(backend)
    with pytest.raises(ValueError, match="v"):
        backend.continue_turn({**backend.handed_over[0], "v": 3})
