"""A turn as people see it: what stands in `status`, `reply` and each call, as its approval goes on."""

import json

import pytest

from functions.chat.ask_approval import WAITS_ALREADY
from functions.shared.approval import Outcome, Status
from functions.shared.turn import Turn, TurnError, TurnStatus, turn_view
from tests.support.approvals import APPROVAL_ID, CONVERSATION_ID, approval_with
from tests.support.fake_model import INSTANCE

STARTED = Outcome("succeeded", "Started instance i-1.")


def asked(*ids):
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": one,
                "type": "function",
                "function": {"name": "run_instances", "arguments": json.dumps(INSTANCE)},
            }
            for one in ids
        ],
    }


def turn_with(**more):
    values = {
        "number": 1,
        "status": TurnStatus.AWAITING_APPROVAL,
        "message": "kondo",
        "reply": "confirmation",
        "agent": "ec2",
        "manifest": "0" * 12,
        "created_at": "2026-11-21T03:00:00Z",
        "request": "r",
        "steps": (asked("call_1"),),
        "approval_id": APPROVAL_ID,
    }
    return Turn(**{**values, **more})


def view(turn, approval=None):
    return turn_view(CONVERSATION_ID, turn, approval)


def test_a_waiting_turn_shows_who_can_decide_until_when():
    shown = view(turn_with(), approval_with())
    assert shown["status"] == "awaiting_approval"
    assert shown["reply"] == "confirmation"
    assert shown["approval"] == {
        "id": APPROVAL_ID,
        "status": "pending",
        "launch": "live",
        "deciders": [
            {"name": "Bob", "email": "bob@example.com"},
            {"name": "Carol", "email": "carol@example.com"},
        ],
        "expires_at": "2026-11-21T03:10:00Z",
        "closed_at": None,
    }
    assert shown["tool_calls"] == [
        {
            "id": "call_1",
            "name": "run_instances",
            "arguments": INSTANCE,
            "status": "waiting",
            "result": None,
        }
    ]


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        (Status.PREPARING, "waiting"),
        (Status.PENDING, "waiting"),
        (Status.APPROVED, "waiting"),
        (Status.REJECTED, "rejected"),
        (Status.EXPIRED, "expired"),
        (Status.CANCELLED, "cancelled"),
        (Status.DENIED, "denied"),
        (Status.FAILED, "failed"),
    ],
)
def test_a_call_without_an_outcome_shows_how_its_approval_ended(status, shown):
    call = view(turn_with(), approval_with(status))["tool_calls"][0]
    assert (call["status"], call["result"]) == (shown, None)


def test_after_the_outcome_the_reply_is_our_sentence_and_the_models_last_word():
    closed = approval_with(Status.APPROVED, closed_at="2026-11-21T03:01:00Z")
    shown = view(turn_with(outcomes={"call_1": STARTED}), closed)
    assert shown["status"] == "completed"
    assert shown["reply"] == "Started instance i-1."
    assert shown["tool_calls"][0]["result"] == "Started instance i-1."
    shown = view(turn_with(outcomes={"call_1": STARTED}, last_word="Enjoy."), closed)
    assert shown["reply"] == "Started instance i-1.\n\nEnjoy."


def test_a_turn_is_waiting_while_one_of_its_calls_is():
    turn = turn_with(steps=(asked("call_1", "call_2"),), outcomes={"call_1": STARTED})
    assert view(turn)["status"] == "awaiting_approval"
    assert view(turn)["reply"] == "confirmation"


SAME_AGAIN = turn_with(
    number=2,
    reply=WAITS_ALREADY,
    steps=(
        asked("call_9"),
        {"role": "tool", "tool_call_id": "call_9", "content": "{}", "status": "waiting"},
    ),
)


def test_a_turn_that_repeats_a_waiting_call_waits_with_it_and_ends_with_it():
    shown = view(SAME_AGAIN, approval_with())
    assert shown["status"] == "awaiting_approval"
    assert shown["reply"] == WAITS_ALREADY
    assert shown["tool_calls"][0]["status"] == "waiting"
    closed = approval_with(
        Status.APPROVED, closed_at="2026-11-21T03:01:00Z", outcomes={"call_1": STARTED}
    )
    shown = view(SAME_AGAIN, closed)
    assert shown["status"] == "completed"
    assert shown["reply"] == "Started instance i-1."
    assert shown["tool_calls"][0]["status"] == "succeeded"


def test_a_failed_turn_shows_its_error_and_keeps_its_message():
    error = TurnError("model_timeout", "Unable", retryable=True)
    turn = turn_with(status=TurnStatus.FAILED, reply="", steps=(), approval_id=None, error=error)
    shown = view(turn)
    assert shown["status"] == "failed"
    assert shown["error"] == {"code": "model_timeout", "detail": "Unable", "retryable": True}
    assert shown["approval"] is None


def test_an_approval_that_was_not_read_shows_as_preparing():
    assert view(turn_with())["approval"]["status"] == "preparing"


def test_arguments_that_are_not_json_are_shown_as_the_model_wrote_them():
    step = asked("call_1")
    step["tool_calls"][0]["function"]["arguments"] = "{not json"
    refused = {"role": "tool", "tool_call_id": "call_1", "content": "{}", "status": "refused"}
    turn = turn_with(status=TurnStatus.COMPLETED, steps=(step, refused), approval_id=None)
    call = view(turn)["tool_calls"][0]
    assert call["arguments"] == "{not json"
    assert call["status"] == "refused"
