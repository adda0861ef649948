"""What the model is sent is valid whatever the turns: each call answered exactly once, right after it was made."""

import json

from hypothesis import given
from hypothesis import strategies as st

from functions.chat.history import RESULT_BYTES, messages_of, result_text
from functions.shared.approval import Outcome
from functions.shared.turn import Turn, TurnError, TurnStatus
from tests.support.chat_completions import check_valid

statuses = st.sampled_from(list(TurnStatus))
KEPT = (TurnStatus.COMPLETED, TurnStatus.AWAITING_APPROVAL, TurnStatus.AWAITING_CLIENT)


@st.composite
def steps_of(draw, number, ends_open):
    """Rounds of one turn as `converse` writes them: calls, then a result for each that did not wait."""
    steps = []
    waiting = []
    for round_number in range(draw(st.integers(0, 3))):
        ids = [f"call_{number}_{round_number}_{index}" for index in range(draw(st.integers(1, 4)))]
        steps.append(
            {
                "role": "assistant",
                "content": draw(st.none() | st.text(max_size=20)),
                "tool_calls": [
                    {
                        "id": one,
                        "type": "function",
                        "function": {"name": "f", "arguments": draw(st.text(max_size=30))},
                    }
                    for one in ids
                ],
            }
        )
        open_ids = set(draw(st.lists(st.sampled_from(ids), unique=True))) if ends_open else set()
        for one in draw(st.permutations(ids)):
            if one in open_ids:
                waiting.append(one)
            else:
                steps.append(
                    {"role": "tool", "tool_call_id": one, "content": "{}", "status": "refused"}
                )
        if open_ids:
            break
    return tuple(steps), waiting


@st.composite
def conversations(draw):
    turns = []
    for number in range(1, draw(st.integers(1, 8)) + 1):
        status = draw(statuses)
        steps, waiting = (), []
        if status in KEPT:
            steps, waiting = draw(steps_of(number, status is not TurnStatus.COMPLETED))
        told = draw(st.booleans())
        turns.append(
            Turn(
                number=number,
                status=status,
                message=draw(st.text(min_size=1, max_size=200)),
                reply=""
                if status is TurnStatus.FAILED
                else draw(st.text(min_size=1, max_size=200)),
                agent="ec2",
                manifest="0" * 12,
                created_at="2026-11-21T03:00:00Z",
                request="r",
                steps=steps,
                approval_id="a" * 26 if waiting else None,
                error=TurnError("c", "d", retryable=True) if status is TurnStatus.FAILED else None,
                outcomes={one: Outcome("succeeded", "done") for one in waiting} if told else {},
                last_word=draw(st.text(max_size=20)) if told else "",
            )
        )
    return turns


@given(conversations(), st.integers(0, 2000))
def test_the_history_is_valid_for_the_model_whatever_the_turns_and_the_window(turns, window):
    messages = messages_of(prompt="Be kind.", turns=turns, message="next", window=window)
    check_valid(messages)
    assert messages[0] == {"role": "system", "content": "Be kind."}
    assert messages[-1] == {"role": "user", "content": "next"}


@given(conversations(), st.integers(0, 2000))
def test_a_window_holds_the_newest_turns_and_holds_them_whole(turns, window):
    messages = messages_of(prompt="p", turns=turns, message="next", window=window)
    usable = [t for t in turns if t.status not in (TurnStatus.FAILED, TurnStatus.WORKING)]
    said = [one["content"] for one in messages[1:-1] if one["role"] == "user"]
    assert said == [turn.message for turn in usable[len(usable) - len(said) :]]
    whole = messages_of(prompt="p", turns=usable[len(usable) - len(said) :], message="next")
    assert whole == messages


@given(conversations())
def test_failed_and_working_turns_are_left_out(turns):
    messages = messages_of(prompt="p", turns=turns, message="next")
    said = [one["content"] for one in messages if one["role"] == "user"][:-1]
    assert said == [turn.message for turn in turns if turn.status in KEPT]


def turn(number, **more):
    values = {
        "number": number,
        "status": TurnStatus.COMPLETED,
        "message": f"message {number}",
        "reply": f"reply {number}",
        "agent": "ec2",
        "manifest": "0" * 12,
        "created_at": "2026-11-21T03:00:00Z",
        "request": "r",
    }
    return Turn(**{**values, **more})


ASKED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {
            "id": "call_1",
            "type": "function",
            "function": {"name": "run_instances", "arguments": "{}"},
        }
    ],
}


def test_a_call_without_an_outcome_is_rendered_as_waiting():
    waiting = turn(1, status=TurnStatus.AWAITING_APPROVAL, steps=(ASKED,), approval_id="a" * 26)
    messages = messages_of(prompt="p", turns=[waiting], message="y")
    assert json.loads(messages[3]["content"])["status"] == "waiting_for_approval"
    assert [one["role"] for one in messages] == ["system", "user", "assistant", "tool", "user"]


def test_an_outcome_is_the_result_of_its_call_and_our_confirmation_is_never_sent():
    told = turn(
        1,
        status=TurnStatus.AWAITING_APPROVAL,
        steps=(ASKED,),
        approval_id="a" * 26,
        outcomes={"call_1": Outcome("rejected", "Carol rejected this. Reason: no")},
        last_word="Too bad.",
    )
    messages = messages_of(prompt="p", turns=[told], message="why?")
    assert json.loads(messages[3]["content"]) == {
        "status": "rejected",
        "result": "Carol rejected this. Reason: no",
    }
    assert messages[4] == {"role": "assistant", "content": "Too bad."}
    assert "reply 1" not in json.dumps(messages)


def test_the_wire_members_are_the_protocols_own():
    refused = {"role": "tool", "tool_call_id": "call_1", "content": "{}", "status": "refused"}
    messages = messages_of(prompt="p", turns=[turn(1, steps=(ASKED, refused))], message="m")
    assert messages[3] == {"role": "tool", "tool_call_id": "call_1", "content": "{}"}


def test_a_single_turn_larger_than_the_window_is_still_sent():
    turns = [turn(1), turn(2, reply="x" * 5000)]
    messages = messages_of(prompt="p", turns=turns, message="m", window=1000)
    assert [one["content"] for one in messages if one["role"] == "user"] == ["message 2", "m"]


def test_ten_thousand_turns_are_a_bounded_request():
    turns = [turn(number, reply="r" * 500) for number in range(1, 10_001)]
    messages = messages_of(prompt="p", turns=turns, message="m")
    assert sum(len(one["content"]) for one in messages) <= 161_000
    check_valid(messages)


def test_ec2_12_twenty_clarifying_turns_are_all_sent():
    messages = messages_of(prompt="p", turns=[turn(number) for number in range(1, 21)], message="m")
    assert len(messages) == 42


def test_a_long_result_is_cut_and_says_so():
    cut = result_text("é" * RESULT_BYTES)
    assert len(cut.encode()) <= RESULT_BYTES
    assert cut.endswith("[cut: the result was longer]")
    assert result_text("short") == "short"
