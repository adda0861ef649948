"""A "yes" in the chat decides nothing."""

from datetime import timedelta

import pytest

from functions.chat.consent import consent_without_power
from functions.shared.approval import Status
from functions.shared.turn import Turn, TurnStatus
from tests.support.approvals import APPROVAL_ID, approval_with
from tests.support.clock import START


def waiting_turn(**more):
    step = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "call_1", "function": {"name": "f", "arguments": "{}"}}],
    }
    values = {"number": 1, "status": TurnStatus.AWAITING_APPROVAL, "message": "m", "reply": "r"}
    values |= {"agent": "ec2", "manifest": "", "created_at": "", "request": "", "steps": (step,)}
    return Turn(**{**values, "approval_id": APPROVAL_ID, **more})


@pytest.mark.parametrize(
    "word", ["y", "Y", " yes ", "Yes!", "OK.", "approve it", "はい", "承認します。"]
)
def test_ec2_18_a_yes_decides_nothing_and_hears_who_does(word):
    found = consent_without_power(word, [waiting_turn()], read=lambda _: approval_with(), now=START)
    assert found is not None
    assert found[1] == (
        "A message here decides nothing. Bob, Carol can countersign this until 2026-11-21 03:10 UTC."
    )


@pytest.mark.parametrize(
    "word", ["n", "no", "", "yesterday", "yes, but t3.small", "why?", "approve all"]
)
def test_other_words_go_to_the_model(word):
    assert (
        consent_without_power(word, [waiting_turn()], read=lambda _: approval_with(), now=START)
        is None
    )


@pytest.mark.parametrize(
    ("approval", "now"),
    [
        (approval_with(Status.REJECTED), START),
        (approval_with(Status.CANCELLED), START),
        (approval_with(), START + timedelta(seconds=600)),
        (None, START),
    ],
    ids=["rejected", "cancelled", "expired", "gone"],
)
def test_a_yes_goes_to_the_model_when_nothing_waits_any_more(approval, now):
    assert consent_without_power("y", [waiting_turn()], read=lambda _: approval, now=now) is None
