"""What one person may use of the chat: turns, tokens and requests of a day, requests that are open at once."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from functions.chat.model import Answer, ModelOverloaded, ModelTimeout
from functions.shared.aws import client
from functions.shared.budgets import (
    closed_parts,
    day_key,
    open_key,
)
from tests.support.account import BUDGETS
from tests.support.budgeted import asking, item, opened, used
from tests.support.chat_completions import check_valid
from tests.support.clock import START
from tests.support.fake_model import INSTANCE, call, calls
from tests.support.wire import watched


def said(words, tokens):
    return Answer(words, (), "stop", tokens)


def test_without_budgets_a_turn_asks_for_none(backend):
    backend.model.says("hi")
    with watched(client("dynamodb")) as wire:
        assert backend.chat("hello").status == 200
    assert wire.operations() == ["dynamodb.PutItem"]
    assert client("dynamodb").scan(TableName=BUDGETS)["Items"] == []


def test_with_budgets_a_plain_turn_is_one_update_more_and_settles_in_its_own_write(limited):
    backend = limited()
    backend.model.says("hi")
    conversation_id = backend.chat("hello").json["conversation_id"]
    backend.model.says(said("there", 7))
    with watched(client("dynamodb")) as wire:
        backend.chat("hello", conversation_id=conversation_id)
    assert wire.operations() == [
        "dynamodb.Query",
        "dynamodb.UpdateItem",
        "dynamodb.TransactWriteItems",
    ]
    assert used(backend) == {"turns": 2, "tokens": 17}


def test_c19_a_used_budget_of_turns_answers_429_with_the_time_and_the_model_is_not_asked(limited):
    backend = limited(turns=2)
    for _ in range(2):
        backend.model.says("hi")
        assert backend.chat("hello").status == 200
    answer = backend.chat("hello")
    assert answer.status == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == str(21 * 3600)
    problem = answer.json
    assert (problem["code"], problem["budget"]) == ("budget_used", "turns")
    assert problem["free_at"] == "2026-11-22T00:00:00Z"
    assert (
        problem["detail"]
        == "You have used today's budget of 2 messages; there is a new one from 00:00 UTC."
    )
    assert len(backend.model.asked) == 2
    assert used(backend) == {"turns": 2, "tokens": 20}


def test_c19_another_person_is_not_affected(limited):
    backend = limited(turns=1)
    backend.model.says("hi", "hi")
    assert backend.chat("hello").status == 200
    assert backend.chat("hello").status == 429
    assert backend.chat("hello", by="dave").status == 200


def test_the_next_day_begins_at_midnight_utc(limited):
    backend = limited(turns=1)
    backend.clock.now = datetime(2026, 11, 21, 23, 59, 30, tzinfo=UTC)
    backend.model.says("hi", "hi")
    assert backend.chat("hello").status == 200
    refused = backend.chat("hello")
    assert (refused.status, refused.headers["retry-after"]) == (429, "30")
    backend.clock.turn(30)
    assert backend.chat("hello").status == 200


def test_i4_fifty_turns_at_once_with_a_budget_of_ten_are_answered_ten_times(limited):
    backend = limited(turns=10)
    backend.model.says(*["hi"] * 50)
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda number: backend.chat(f"hello {number}"), range(50)))
    statuses = [answer.status for answer in answers]
    assert (statuses.count(200), statuses.count(429)) == (10, 40)
    assert len(backend.model.asked) == 10
    assert used(backend) == {"turns": 10, "tokens": 100}


def test_i4_a_used_budget_of_tokens_refuses_the_next_turn(limited):
    backend = limited(tokens=1000)
    backend.model.says(said("long", 1200))
    assert backend.chat("hello").status == 200
    answer = backend.chat("hello")
    assert (answer.status, answer.json["budget"]) == (429, "tokens")
    assert "budget of 1000 tokens" in answer.json["detail"]


def test_d10_a_loop_of_tool_calls_ends_when_the_tokens_are_used(limited):
    backend = limited(tokens=15)
    bad = calls(call({"instance_type": "m5.metal"}))
    backend.model.says(*[bad] * 8)
    answer = backend.chat("hello").json
    assert answer["reply"] == "Today's budget of model tokens is used, so this turn stops here."
    assert len(backend.model.asked) == 2
    assert used(backend)["tokens"] == 20


def test_a_service_that_hides_what_it_used_is_counted_by_its_bytes(limited):
    backend = limited()
    backend.model.says(said("x" * 4000, 0))
    backend.chat("y" * 4000)
    assert 2000 < used(backend)["tokens"] < 4000


@pytest.mark.parametrize(("failure", "least"), [(ModelTimeout, 1000), (ModelOverloaded, 0)])
def test_a_failed_turn_is_a_turn_and_settles_what_may_have_been_used(limited, failure, least):
    backend = limited()
    bad = calls(call({"instance_type": "m5.metal"}))
    backend.model.says(bad, failure())
    backend.chat("z" * 4000)
    counted = used(backend)
    assert counted["turns"] == 1
    assert counted["tokens"] >= 10 + least
    assert least or counted["tokens"] == 10


def test_the_same_idempotency_key_uses_one_turn(limited):
    backend = limited(turns=1)
    backend.model.says("hi")
    answers = [backend.chat("hello", key="a-key") for _ in range(3)]
    assert [answer.status for answer in answers] == [200] * 3
    assert used(backend)["turns"] == 1


def test_a_failed_turn_runs_again_under_its_key_without_using_another(limited):
    backend = limited(turns=1)
    backend.model.says(ModelOverloaded(), "hi")
    assert backend.chat("hello", key="a-key").status == 503
    assert backend.chat("hello", key="a-key").status == 200
    assert used(backend)["turns"] == 1
    assert backend.chat("hello").status == 429


def test_a_key_whose_turn_was_refused_is_free_for_another_day(limited):
    backend = limited(turns=1)
    backend.model.says("hi", "hi")
    backend.chat("hello")
    assert backend.chat("again", key="a-key").status == 429
    backend.clock.turn(24 * 3600)
    assert backend.chat("again", key="a-key").status == 200


def test_a_message_that_meets_a_turn_in_progress_uses_none(limited):
    backend = limited()
    backend.model.says(ModelTimeout())
    conversation_id = backend.chat("think").json["conversation_id"]
    assert backend.chat("and?", conversation_id=conversation_id).status == 409
    assert used(backend)["turns"] == 1


def test_work_in_the_background_settles_and_uses_no_second_turn(limited):
    backend = limited(turns=1)
    backend.model.says(ModelTimeout())
    answer = backend.chat("think")
    assert answer.status == 202
    before = used(backend)["tokens"]
    backend.model.says(said("done", 77))
    backend.continue_turn(backend.handed_over.pop())
    assert used(backend) == {"turns": 1, "tokens": before + 77}
    assert backend.turns(answer.json["conversation_id"])[0]["reply"] == "done"


def test_the_last_word_settles_its_tokens(limited):
    backend = limited()
    approval_id = backend.ask()
    backend.open(approval_id)
    backend.decide(approval_id, "reject")
    backend.record(approval_id)
    before = used(backend)["tokens"]
    backend.model.says(said("A pity.", 33))
    backend.last_word(approval_id)
    assert used(backend)["tokens"] == before + 33
    assert used(backend)["turns"] == 1


def test_a_request_is_counted_with_the_turn_that_makes_it(limited):
    backend = limited()
    answer = asking(backend).json
    assert used(backend) == {"turns": 1, "tokens": 10, "approvals": 1}
    assert opened(backend) == {answer["approval"]["id"]}


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        ({"approvals": 2}, "You have used today's budget of 2 requests"),
        ({"open_approvals": 2}, "2 requests of yours are open"),
    ],
)
def test_i4_one_request_too_many_asks_nobody_and_says_so(limited, limits, sentence):
    backend = limited(**limits)
    for number in range(2):
        assert asking(backend, number).json["status"] == "awaiting_approval"
    answer = asking(backend, 2)
    assert answer.status == 200
    turn = answer.json
    assert (turn["status"], turn["approval"]) == ("completed", None)
    assert turn["reply"].startswith(sentence)
    assert "nobody was asked and nothing was started" in turn["reply"]
    [refused] = turn["tool_calls"]
    assert refused["status"] == "refused"
    assert json.loads(refused["result"])["error"] == turn["reply"]
    assert len(backend.states.executions) == 2
    assert used(backend)["approvals"] == 2
    backend.model.says("I see.")
    backend.chat("And now?", conversation_id=turn["conversation_id"])
    check_valid(backend.model.asked[-1].messages)


def test_a_call_that_waits_already_is_still_answered_with_its_approval(limited):
    backend = limited(open_approvals=1)
    first = asking(backend).json
    here = first["conversation_id"]
    other = {**INSTANCE, "instance_type": "t3.small"}
    backend.model.says(calls(call(INSTANCE), call(other)))
    turn = backend.chat("both", conversation_id=here).json
    assert turn["approval"]["id"] == first["approval"]["id"]
    assert [one["status"] for one in turn["tool_calls"]] == ["waiting", "refused"]
    assert turn["reply"].startswith("1 request of yours is open")


def test_an_approval_that_was_closed_is_not_open_any_more(limited):
    backend = limited(open_approvals=1)
    approval_id = asking(backend).json["approval"]["id"]
    assert asking(backend, 1).json["status"] == "completed"
    sub = backend.human("alice").sub
    for _ in range(2):
        parts = closed_parts(BUDGETS, sub, approval_id, backend.clock())
        client("dynamodb").transact_write_items(TransactItems=parts)
    assert opened(backend) == set()
    assert asking(backend, 1).json["status"] == "awaiting_approval"


def test_i4_requests_at_once_do_not_pass_the_budget_together(limited):
    backend = limited(open_approvals=3, approvals=5)
    wanted = calls(call(INSTANCE, id="call_same"))
    backend.model.says(*[wanted] * 40)
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda number: backend.chat(f"please {number}"), range(12)))
    made = [answer for answer in answers if answer.status == 200 and answer.json["approval"]]
    assert len(made) == 3
    assert {answer.status for answer in answers} <= {200, 409}
    assert len(opened(backend)) == used(backend)["approvals"] == 3


def test_what_is_counted_is_forgotten_in_time(limited):
    backend = limited()
    asking(backend)
    sub = backend.human("alice").sub
    kept = {
        key: int(item(key)["delete_after"]["N"]) for key in (day_key(sub, START), open_key(sub))
    }
    now = int(START.timestamp())
    assert kept[day_key(sub, START)] == now + int(timedelta(days=3).total_seconds())
    assert kept[open_key(sub)] == now + int(timedelta(days=30).total_seconds())
