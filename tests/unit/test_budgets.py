"""Budgets as values: what a launch puts into its transaction, what a busy item is, what a model service says."""

import json

import pytest
from botocore.exceptions import ClientError

from functions.chat.model import MOST_TOKENS, _parse
from functions.shared import aws
from functions.shared.aws import BUSY_TRIES, while_busy
from functions.shared.budgets import LaunchBudgets, closed_parts, instance_ended_parts
from tests.support.clock import START

LAUNCHES = LaunchBudgets(table="budgets", launches=5, live_instances=20)
NONE, REFUSED = {"Code": "None"}, {"Code": "ConditionalCheckFailed"}


def test_without_a_table_nothing_is_written():
    none = LaunchBudgets(table="", launches=0, live_instances=0)
    assert none.launch_parts("s", target="t", approval_id="a", call_id="c", now=START) == []
    assert none.why_refused([REFUSED, REFUSED], target="t") is None
    assert closed_parts("", "s", "a", START) == []
    assert instance_ended_parts("", "t", "a", "c") == []


@pytest.mark.parametrize(
    ("reasons", "words"),
    [
        ([REFUSED, NONE], "budget of 5 launches"),
        ([NONE, REFUSED], "20 instances live in payments"),
        ([REFUSED, REFUSED], "budget of 5 launches"),
    ],
)
def test_a_launch_over_budget_says_which(reasons, words):
    assert words in (LAUNCHES.why_refused(reasons, target="payments") or "")


@pytest.mark.parametrize("reasons", [[], [NONE, NONE], [{"Code": "TransactionConflict"}, NONE]])
def test_a_transaction_that_was_cancelled_by_others_is_no_used_budget(reasons):
    assert LAUNCHES.why_refused(reasons, target="payments") is None


def cancelled(*codes):
    reasons = [{"Code": code} for code in codes]
    answer = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
    return ClientError(answer, "TransactWriteItems")


CONFLICT = ClientError({"Error": {"Code": "TransactionConflictException"}}, "UpdateItem")


@pytest.fixture
def waits(monkeypatch):
    seconds = []
    monkeypatch.setattr(aws.time, "sleep", seconds.append)
    return seconds


@pytest.mark.parametrize("error", [CONFLICT, cancelled("None", "TransactionConflict")])
def test_an_item_that_another_transaction_holds_is_waited_for(waits, error):
    errors = [error, error]

    def send():
        if errors:
            raise errors.pop()
        return "sent"

    assert while_busy(send) == "sent"
    assert len(waits) == 2
    assert all(0 < one < 1 for one in waits)


def test_one_that_is_held_for_long_is_given_up(waits):
    def send():
        raise CONFLICT

    with pytest.raises(ClientError):
        while_busy(send)
    assert len(waits) == BUSY_TRIES - 1


@pytest.mark.parametrize(
    "error",
    [
        cancelled("ConditionalCheckFailed", "None"),
        cancelled("TransactionConflict", "ConditionalCheckFailed"),
        cancelled(),
        ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, "PutItem"),
    ],
)
def test_a_condition_that_failed_is_not_tried_twice(waits, error):
    def send():
        raise error

    with pytest.raises(ClientError):
        while_busy(send)
    assert waits == []


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}, 12),
        ({"prompt_tokens": 7}, 7),
        ({"total_tokens": 12}, 12),
        ({"prompt_tokens": -5, "completion_tokens": 2}, 2),
        ({"prompt_tokens": 10**30}, MOST_TOKENS),
        ({"total_tokens": True}, 0),
        ({"prompt_tokens": "many"}, 0),
        ({"total_tokens": -1}, 0),
        ({}, 0),
        (None, 0),
    ],
)
def test_what_a_service_says_it_used_is_read_with_care(usage, tokens):
    message = {"role": "assistant", "content": "hi"}
    body = {"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}
    assert _parse(json.dumps(body).encode()).tokens == tokens
