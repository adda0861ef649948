"""Slots: operations run in order, each has its result, and nothing is complete with a gap."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.chat.slots import (
    OPERATIONS_PER_CALL,
    VALUE_CHARACTERS,
    names_run,
    run_slot_call,
)
from functions.shared.agent import Slot, Slots

MEETING = Slots(
    items=(
        Slot("date", "When is it?"),
        Slot("place"),
        Slot("participant"),
        Slot("agenda"),
    ),
    initial="",
    current="",
    processor="chat_processor",
)
TYPED = Slots(
    items=(
        Slot("size", enum=("small", "large")),
        Slot("count", type="integer"),
        Slot("price", type="number", required=False),
        Slot("sure", type="boolean", required=False),
    ),
    initial="",
    current="",
)
EMPTY = MEETING.empty()
FULL = {"date": "d", "place": "p", "participant": "x", "agenda": "a"}


def operation(name, key=None, value=None):
    args = {"key": key, "value": value}
    return {"name": name, "args": {k: v for k, v in args.items() if v is not None}}


def processed(*operations, state=EMPTY):
    return run_slot_call(MEETING, state, "chat_processor", {"operations": list(operations)})


def results(result):
    return json.loads(result.text)["results"]


def test_mf_06_nothing_is_known_at_the_start():
    assert EMPTY == {"date": "", "place": "", "participant": "", "agenda": ""}


def test_mf_11_both_operations_of_one_answer_run_in_their_order():
    done = processed(operation("set_item", "date", "tomorrow"), operation("ask_next_item"))
    first, second = results(done)
    assert first == {"name": "set_item", "status": "set", "key": "date", "value": "tomorrow"}
    assert (second["name"], second["key"]) == ("ask_next_item", "place")
    assert done.state == {**EMPTY, "date": "tomorrow"}
    assert done.ok
    assert not done.completed


def test_mf_11_the_log_names_what_ran_in_its_order():
    arguments = {"operations": [operation("set_item"), operation("ask_next_item"), {}, "x"]}
    assert names_run("chat_processor", arguments) == [
        "set_item",
        "ask_next_item",
        "(unnamed)",
        "(unnamed)",
    ]
    assert names_run("set_item", {"key": "date"}) == ["set_item"]


def test_the_log_takes_no_line_from_a_name():
    forged = {"operations": [{"name": "set_item\nfunction called: run_instances"}]}
    assert names_run("chat_processor", forged) == ["(unnamed)"]


def test_mf_14_ask_next_item_tells_the_question_of_the_first_gap():
    [asked] = results(processed(operation("ask_next_item")))
    assert (asked["key"], asked["question"]) == ("date", "When is it?")


def test_ask_next_item_may_name_the_item():
    [asked] = results(processed(operation("ask_next_item", "agenda")))
    assert asked["key"] == "agenda"


def test_mf_15_mf_16_the_last_item_and_completion_in_one_answer_give_every_value():
    state = {**FULL, "agenda": ""}
    done = processed(
        operation("set_item", "agenda", "a"), operation("completed_items"), state=state
    )
    assert done.completed
    assert results(done)[1] == {"name": "completed_items", "status": "completed", "items": FULL}


def test_mf_18_several_values_of_one_sentence_all_apply():
    done = processed(
        operation("set_item", "date", "d"),
        operation("set_item", "place", "p"),
        operation("ask_next_item"),
    )
    assert done.state == {**EMPTY, "date": "d", "place": "p"}
    assert results(done)[2]["key"] == "participant"


def test_mf_19_a_correction_overwrites():
    done = processed(operation("set_item", "date", "friday"), state={**EMPTY, "date": "monday"})
    assert done.state["date"] == "friday"
    assert results(done)[0]["status"] == "changed"


def test_mf_20_an_unknown_operation_is_told_to_the_model():
    done = processed(operation("delete_item", "date"), operation("set_item", "place", "p"))
    first, second = results(done)
    assert "delete_item" in first["error"]
    assert second["status"] == "set"
    assert not done.ok


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"key": "date"}, "no value for date"),
        ({"key": "date", "value": ""}, "no value for date"),
        ({"key": "date", "value": "  "}, "no value for date"),
        ({"key": "color", "value": "x"}, "'color'"),
        ({"key": 5, "value": "x"}, "no item"),
        ({"value": "x"}, "no item"),
        ({"key": "date", "value": 5}, "date must be a text"),
        ({"key": "date", "value": ["x"]}, "date must be a text"),
        ({"key": "date", "value": "x" * VALUE_CHARACTERS}, "shorter"),
        ({"key": "date", "value": "x", "more": 1}, "not more"),
    ],
)
def test_mf_21_an_unknown_key_or_a_missing_value_is_refused_and_nothing_changes(args, said):
    done = processed({"name": "set_item", "args": args})
    [result] = results(done)
    assert said in result["error"]
    assert done.state == EMPTY
    assert not done.ok


@pytest.mark.parametrize(
    "arguments", [{}, {"operations": []}, {"operations": None}, {"operations": {"name": "x"}}]
)
def test_mf_22_no_operations_is_reported(arguments):
    done = run_slot_call(MEETING, EMPTY, "chat_processor", arguments)
    [result] = results(done)
    assert "set_item, ask_next_item, completed_items" in result["error"]
    assert not done.ok


@pytest.mark.parametrize(
    "broken", ["x", None, 5, {}, {"args": {}}, {"name": 5}, {"name": "set_item", "args": "x"}]
)
def test_mf_22_an_operation_of_another_shape_is_reported_beside_the_others(broken):
    done = processed(broken, operation("set_item", "date", "d"))
    assert "error" in results(done)[0]
    assert done.state["date"] == "d"


def test_mf_23_completion_with_a_gap_is_refused_and_names_it():
    done = processed(operation("completed_items"), state={**FULL, "place": "", "agenda": ""})
    [result] = results(done)
    assert "place, agenda" in result["error"]
    assert not done.completed
    assert json.loads(done.text)["missing"] == ["place", "agenda"]


def test_mf_25_operations_after_a_question_run_too_in_the_order_of_the_array():
    done = processed(operation("ask_next_item"), operation("set_item", "place", "p"))
    assert [one["name"] for one in results(done)] == ["ask_next_item", "set_item"]
    assert done.state["place"] == "p"


def test_mf_03_an_operation_without_a_value_is_accepted_where_none_is_needed():
    done = processed({"name": "completed_items"}, {"name": "ask_next_item", "args": {}}, state=FULL)
    assert [("error" in one) for one in results(done)] == [False, True]


def test_mf_29_one_that_fails_hides_no_other_result():
    done = processed(operation("set_item", "date", "d"), operation("set_item", "color", "red"))
    first, second = results(done)
    assert first["status"] == "set"
    assert "error" in second
    assert done.state["date"] == "d"


def test_completion_does_not_end_what_had_a_failure():
    done = processed(operation("completed_items"), operation("set_item", "color", "x"), state=FULL)
    assert not done.completed


def test_mf_28_each_operation_has_a_function_of_its_own_as_well():
    done = run_slot_call(MEETING, EMPTY, "set_item", {"key": "date", "value": "d"})
    said = json.loads(done.text)
    assert (said["status"], said["items"]["date"]) == ("set", "d")
    assert said["missing"] == ["place", "participant", "agenda"]
    assert run_slot_call(MEETING, FULL, "completed_items", {}).completed


def test_no_more_operations_run_than_an_answer_may_have_calls():
    many = [operation("set_item", "date", str(number)) for number in range(50)]
    done = processed(*many)
    assert len(results(done)) == OPERATIONS_PER_CALL + 1
    assert done.state["date"] == str(OPERATIONS_PER_CALL - 1)


@pytest.mark.parametrize(
    ("key", "value", "kept"),
    [
        ("size", "small", "small"),
        ("size", " small ", "small"),
        ("count", 3, 3),
        ("count", "3", 3),
        ("price", "1.5", 1.5),
        ("price", 2, 2),
        ("sure", True, True),
        ("sure", "false", False),
        ("price", "", ""),
    ],
)
def test_a_value_is_kept_as_its_slots_type(key, value, kept):
    done = run_slot_call(TYPED, TYPED.empty(), "set_item", {"key": key, "value": value})
    assert done.ok
    assert done.state[key] == kept
    assert type(done.state[key]) is type(kept)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("size", "huge", '"small", "large"'),
        ("count", "three", "a whole number"),
        ("count", 1.5, "a whole number"),
        ("count", True, "a whole number"),
        ("count", "1e3", "a whole number"),
        ("sure", "yes", "true or false"),
    ],
)
def test_a_value_of_another_type_or_choice_is_refused_and_told(key, value, said):
    done = run_slot_call(TYPED, TYPED.empty(), "set_item", {"key": key, "value": value})
    assert said in json.loads(done.text)["error"]
    assert done.state == TYPED.empty()


def test_what_is_not_needed_may_stay_open():
    state = {**TYPED.empty(), "size": "small", "count": 1}
    assert run_slot_call(TYPED, state, "completed_items", {}).completed


def test_stored_values_that_todays_manifest_does_not_take_are_asked_for_again():
    old = {"size": "medium", "count": 2, "gone": "x"}
    done = run_slot_call(TYPED, old, "ask_next_item", {})
    assert json.loads(done.text)["key"] == "size"
    assert done.state == {**TYPED.empty(), "count": 2}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
OPERATION = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["set_item", "ask_next_item", "completed_items", "x"]) | JSON,
        "args": st.fixed_dictionaries(
            {},
            optional={"key": st.sampled_from([*EMPTY, "color"]) | JSON, "value": st.text() | JSON},
        )
        | JSON,
    },
)


@given(st.lists(OPERATION | JSON, max_size=6), st.sampled_from([EMPTY, FULL]))
def test_whatever_the_model_asks_each_operation_has_one_result_and_the_state_stays_whole(
    operations, state
):
    done = processed(*operations, state=state)
    assert done.state.keys() == EMPTY.keys()
    assert all(isinstance(value, str) for value in done.state.values())
    assert len(results(done)) == max(1, len(operations))
    if done.completed:
        assert all(done.state.values())
        assert done.ok
