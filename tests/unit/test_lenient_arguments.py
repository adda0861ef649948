"""Arguments of kinds beside `aws`: taken as models write them, where that can be understood in one way."""

import json

import pytest

from functions.chat.tool_calls import check_calls
from tests.support.agents import agent_of
from tests.support.fake_model import call


def checked(*calls, agent):
    return check_calls(calls, agent=agent, turn=1, used_ids=frozenset())


@pytest.mark.parametrize("kind", ["rest", "message_template", "client", "emit", "slots"])
def test_half_a_character_is_refused_whatever_the_kind(kind):
    agent = agent_of(actions={"f": {"kind": kind, "approval": "never"}})
    [one] = checked(call('{"a": "\\ud800"}', name="f"), agent=agent)
    assert "half a character" in one.complaint


@pytest.mark.parametrize(
    ("arguments", "understood"),
    [
        ('{"a": 42}', {"a": "42"}),
        ('{"a": 1.5}', {"a": "1.5"}),
        ('{"a": true}', {"a": "true"}),
        ('{"a": "x\ny"}', {"a": "x\ny"}),
        ("", {}),
    ],
)
def test_kinds_beside_aws_take_what_models_write_carelessly(arguments, understood):
    agent = agent_of(actions={"f": {"kind": "rest", "url": "https://example.com"}})
    [one] = checked(call(arguments, name="f"), agent=agent)
    assert (one.complaint, one.arguments) == ("", understood)
    assert json.loads(one.text) == understood


def test_a_name_that_is_required_and_not_declared_is_nobodys_to_give():
    function = {
        "name": "f",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "string"}},
            "required": ["a", "ghost"],
        },
    }
    actions = {"f": {"kind": "rest", "url": "https://example.com"}}
    agent = agent_of(actions=actions, functions=[function])
    [fits] = checked(call({"a": "x"}, name="f"), agent=agent)
    [lacks] = checked(call({}, name="f"), agent=agent)
    assert (fits.complaint, "a" in lacks.complaint) == ("", True)
