"""What the model asks for: every call is offered, strict, closed and unique, or it is refused with a reason."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.chat.arguments import (
    ARGUMENT_BYTES,
    UnreadableArguments,
    closed,
    parse_arguments,
)
from functions.chat.tool_calls import CALLS_PER_ANSWER, GATED_PER_ANSWER, check_calls
from functions.shared.operations import OPERATIONS
from tests.support.agents import Anything, agent_with, ec2_agent
from tests.support.fake_model import INSTANCE, call

GOOD = json.dumps(INSTANCE)


def checked(*calls, used=frozenset(), agent=None, turn=1):
    return check_calls(calls, agent=agent or ec2_agent(), turn=turn, used_ids=used)


@pytest.mark.parametrize(
    "text",
    [
        "{not json",
        GOOD[:-10],
        GOOD[:-1],
        "",
        " ",
        "[]",
        "[" + GOOD + "]",
        "null",
        "true",
        "7",
        '"x"',
        GOOD + " and so on",
        GOOD + GOOD,
        f"```json\n{GOOD}\n```",
        GOOD[:-1] + ', "key_name": "other"}',
        GOOD[:-1] + ', "key_name": "kondo"}',
        '{"a": {"b": 1, "b": 2}}',
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": -Infinity}',
        '{"a": 1e999}',
        '{"a": ' + "9" * 400 + "}",
        '{"a": ' + "9" * 5000 + "}",
        '{"a": 9007199254740993}',
        "{'a': 1}",
        '{"a": 1,}',
        '{"a": 01}',
        '{"a": +1}',
        '{"a": "\n"}',
        "\ufeff{}",
        '{"a":' * 5000 + "1" + "}" * 5000,
        "[" * 16_000,
        '{"a": "' + "x" * ARGUMENT_BYTES + '"}',
    ],
    ids=lambda text: ascii(text[:24]),
)
def test_ec2_27_arguments_that_are_not_one_strict_json_object_are_refused(text):
    with pytest.raises(UnreadableArguments):
        parse_arguments(text)
    [one] = checked(call(text))
    assert one.arguments is None
    assert one.complaint


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"instance_type": "p5.48xlarge"}, "instance_type"),
        ({"instance_type": "T2.micro"}, "instance_type"),
        ({"instance_type": "t2.micro "}, "instance_type"),
        ({"key_name": ""}, "key_name"),
        ({"key_name": None}, "key_name"),
        ({"key_name": ["kondo"]}, "key_name"),
        ({"key_name": "k\u200bondo"}, "key_name"),
        ({"key_name": "\u202ekondo"}, "key_name"),
        ({"key_name": "\ud800"}, "key_name"),
        ({"image_id": 7}, "image_id"),
        ({"image_id": "\u0430mi-012261b9035f8f938"}, "image_id"),
        ({"image_id": "resolve:ssm:/x"}, "image_id"),
        ({"UserData": "IyEvYmluL3No"}, "UserData"),
        ({"IamInstanceProfile": {"Name": "admin"}}, "IamInstanceProfile"),
        ({"NetworkInterfaces": []}, "NetworkInterfaces"),
        ({"LaunchTemplate": {}}, "LaunchTemplate"),
        ({"MaxCount": 20}, "MaxCount"),
        ({"DryRun": False}, "DryRun"),
        ({"InstanceMarketOptions": {}}, "InstanceMarketOptions"),
        ({"approved": True}, "approved"),
        ({"__proto__": {}}, "__proto__"),
    ],
    ids=str,
)
def test_ec2_26_values_outside_the_closed_schema_are_refused_and_named(changed, named):
    [one] = checked(call({**INSTANCE, **changed}))
    assert one.arguments is None
    assert named in one.complaint


@pytest.mark.parametrize("missing", list(INSTANCE))
def test_ec2_26_a_missing_value_is_refused_and_named(missing):
    [one] = checked(call({name: INSTANCE[name] for name in INSTANCE if name != missing}))
    assert missing in one.complaint


@pytest.mark.parametrize("name", ["image_id", "instance_type", "key_name"])
@pytest.mark.parametrize("value", [1e0, 10**400, -0.0, True, {}, []], ids=lambda v: str(v)[:8])
def test_a_number_is_never_taken_for_a_text(name, value):
    [one] = checked(call({**INSTANCE, name: value}))
    assert one.complaint


WHOLE = {"type": "object", "properties": {"count": {"type": "integer"}}}


@pytest.fixture
def anything(monkeypatch):
    monkeypatch.setitem(OPERATIONS, "anything", Anything())


@pytest.mark.parametrize(
    ("text", "is_fine"),
    [
        ("1", True),
        ("-7", True),
        ("9007199254740991", True),
        ("1.0", False),
        ("1e0", False),
        ("-0.0", False),
        ("1.5", False),
        ('"1"', False),
        ("true", False),
        ("9007199254740992", False),
    ],
)
def test_only_a_whole_number_is_a_whole_number(anything, text, is_fine):
    [one] = checked(call(f'{{"count": {text}}}', name="measure"), agent=agent_with(WHOLE))
    assert (one.complaint == "") is is_fine


def test_objects_inside_objects_are_closed_too(anything):
    schema = {
        "type": "object",
        "properties": {
            "place": {"type": "object", "properties": {"enum": {"type": "string"}}},
            "more": {"type": "array", "items": {"type": "object"}},
        },
    }
    agent = agent_with(schema)
    fine, extra, hidden = checked(
        call({"place": {"enum": "x"}, "more": [{}]}, name="measure"),
        call({"place": {"enum": "x", "other": 1}}, name="measure"),
        call({"more": [{"other": 1}]}, name="measure"),
        agent=agent,
    )
    assert fine.complaint == ""
    assert extra.complaint
    assert hidden.complaint


def test_closing_a_schema_leaves_the_one_that_is_sent_alone():
    schema = dict(ec2_agent().functions["run_instances"]["parameters"])
    before = json.dumps(schema)
    assert closed(schema)["additionalProperties"] is False
    assert json.dumps(schema) == before


@pytest.mark.parametrize(
    "name",
    [
        "delete_everything",
        "run_instance",
        "Run_instances",
        "run_instances ",
        "",
        "x" * 10_000,
        "\ud800",
    ],
    ids=lambda name: ascii(name[:20]),
)
def test_ec2_29_a_function_that_was_not_offered_is_refused(name):
    [one] = checked(call(INSTANCE, name=name))
    assert one.arguments is None
    assert "There is no function" in one.complaint
    assert "run_instances" in one.complaint


@given(st.text(max_size=80))
def test_a_refused_name_stays_a_name_that_services_take_in_a_history(name):
    [one] = checked(call("{}", name=name))
    wire = one.on_the_wire()["function"]["name"]
    assert 1 <= len(wire) <= 64
    assert wire.isascii()
    assert wire.replace("_", "a").replace("-", "a").isalnum()


def test_a_schema_that_offers_no_functions_refuses_every_call():
    from dataclasses import replace

    [one] = checked(call(), agent=replace(ec2_agent(), functions={}, actions={}))
    assert "Offered: none" in one.complaint


ids = st.lists(
    st.sampled_from(
        ["", "a", "b", "call_1_1", "call_1_2", "call_1_0_0", "call_1_0_1", "x" * 10_000, "#", "é"]
    ),
    max_size=8,
)


@given(ids, st.frozensets(st.sampled_from(["a", "call_1_1", "call_1_2"])))
def test_every_call_gets_an_id_that_no_other_has(wanted, used):
    results = checked(*(call(INSTANCE, id=one) for one in wanted), used=used)
    own = [one.id for one in results]
    assert len(set(own)) == len(own)
    assert not used & set(own)
    assert all(1 <= len(one) <= 64 for one in own)


def test_a_sane_new_id_is_kept():
    assert checked(call(INSTANCE, id="call_AbC-123"))[0].id == "call_AbC-123"


def test_two_calls_with_one_id_are_not_both_meant():
    first, second = checked(call(INSTANCE, id="same"), call(INSTANCE, id="same"))
    assert first.complaint == ""
    assert "repeats the id" in second.complaint


@pytest.mark.parametrize("count", [1, 2, 8, 9, 16, 32, 33, 128])
def test_at_most_8_gated_and_32_calls_of_one_answer_are_taken(count):
    results = checked(*(call() for _ in range(count)))
    assert len(results) == count
    assert sum(one.complaint == "" for one in results) == min(count, GATED_PER_ANSWER)
    assert all(f"Only {CALLS_PER_ANSWER}" in one.complaint for one in results[CALLS_PER_ANSWER:])


def test_bad_calls_do_not_use_up_the_places_of_good_ones():
    results = checked(*(call("{") for _ in range(10)), *(call() for _ in range(8)))
    assert sum(one.complaint == "" for one in results) == 8


def test_a_complaint_is_short_however_much_was_wrong():
    many = {f"extra_{number}_{'x' * 40}": 1 for number in range(200)}
    [one] = checked(call({**INSTANCE, **many}))
    assert len(one.complaint) <= 500


@given(st.text(max_size=200))
def test_no_arguments_whatsoever_make_the_check_fall_over(text):
    [one] = checked(call(text))
    assert one.complaint


@given(
    st.dictionaries(
        st.text(max_size=12),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
            st.lists,
            max_leaves=5,
        ),
        max_size=5,
    )
)
def test_no_object_but_the_three_values_passes(value):
    [one] = checked(call(value))
    assert one.complaint
