"""Hand-overs: what is handed over, and to whom it may be."""

import pytest

from functions.chat.emit import MEMORY_BYTES, Switch, SwitchRefused, emitted, switch_of
from functions.shared.placeholders import MissingValue

DISPATCH = {"method": "switch_session", "data": {"message": "{question}", "agent": "{category}"}}
ALLOWED = ["nurse", "doctor"]


def switched(data, *, method="switch_session", memory=None):
    return switch_of(method, data, allowed=ALLOWED, memory=memory)


def test_sg_15_a_text_that_is_one_placeholder_is_the_argument_itself():
    values = {
        "method": "m",
        "data": {"memory": {"rows": "{rows}", "name": "{name}"}, "merge": True},
    }
    assert emitted(values, {"rows": [{"a": 1}]}) == (
        "m",
        {"memory": {"rows": [{"a": 1}], "name": None}, "merge": True},
    )


def test_sg_15_any_other_text_is_filled():
    values = {"method": "m", "data": {"message": "Ask about {topic}.", "list": ["{topic}"]}}
    assert emitted(values, {"topic": "{x}"}) == (
        "m",
        {"message": "Ask about {x}.", "list": ["{topic}"]},
    )
    with pytest.raises(MissingValue):
        emitted(values, {})


def test_sg_15_a_conversation_goes_to_an_agent_with_a_question():
    method, data = emitted(DISPATCH, {"question": "Who?", "category": "nurse"})
    assert switched(data, method=method) == Switch("nurse", None, "Who?", initiate=False)


def test_the_older_word_names_the_agent_too():
    assert switched({"manifest": "doctor", "message": None}).agent == "doctor"


@pytest.mark.parametrize(
    ("data", "known", "memory"),
    [
        ({}, {"a": 1}, None),
        ({"memory": {"b": 2}}, {"a": 1}, {"b": 2}),
        ({"memory": {"b": 2}, "merge": True}, {"a": 1, "b": 1}, {"a": 1, "b": 2}),
        ({"memory": {"b": 2}, "merge": True}, None, {"b": 2}),
        ({"merge": True}, {"a": 1}, {"a": 1}),
    ],
)
def test_memory_is_replaced_or_merged(data, known, memory):
    assert switched({"agent": "nurse", **data}, memory=known).memory == memory


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"agent": None},
        {"agent": "ec2"},
        {"agent": ""},
        {"agent": ["nurse"]},
        {"agent": "nurse\n"},
        {"agent": "nurse", "memory": "text"},
        {"agent": "nurse", "memory": {"a": "x" * MEMORY_BYTES}},
    ],
    ids=lambda data: str(data)[:30],
)
def test_a_conversation_goes_nowhere_else(data):
    with pytest.raises(SwitchRefused):
        switched(data)


def test_another_method_is_refused_and_named():
    with pytest.raises(SwitchRefused, match="delete_everything"):
        switched({"agent": "nurse"}, method="delete_everything")
