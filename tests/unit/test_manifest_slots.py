"""Slots of a manifest become the functions by which a model fills them."""

import json

import fastjsonschema
import pytest

from functions.shared.agent import Agent
from infra.manifests.compile import compile_manifest
from infra.page import ROOT
from tests.support.manifests import GREET, Author, codes

SLOTS = [
    {"name": "city", "question": "Where?"},
    {"name": "days", "question": "How long?", "type": "integer"},
    {"name": "size", "enum": ["small", "large"], "required": False},
]
MEETING = {
    "name": "chat_processor",
    "description": " - 'set_item: set into 'user_items'. - 'ask_next_item': ask user to set new item. "
    "- 'completed_items': called when user_items is completed\" ",
    "parameters": {
        "type": "object",
        "properties": {
            "operations": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": {
                            "type": "string",
                            "description": "name of the operation. execute as per chat_processer's description",
                            "enum": ["set_item", "ask_next_item", "completed_items"],
                        },
                        "args": {
                            "type": "object",
                            "properties": {
                                "key": {
                                    "type": "string",
                                    "description": "key of user_items. when call 'ask_next_item', "
                                    "select in order from the enum.",
                                    "enum": ["date", "place", "participant", "agenda"],
                                },
                                "value": {"type": "string", "description": "value of key"},
                            },
                            "required": ["key"],
                        },
                    },
                    "required": ["args"],
                    "description": "it contains the operation to be performed to complete user_items",
                },
            }
        },
    },
}


@pytest.fixture
def author(tmp_path):
    return Author(tmp_path)


@pytest.fixture
def meeting():
    return compile_manifest(ROOT / "agents" / "meeting.yaml").compiled()


def tools(verdict):
    return {
        function["name"]: function["parameters"] for function in verdict.compiled()["functions"]
    }


def test_mf_01_to_05_the_shipped_meeting_has_the_one_function_to_the_letter(meeting):
    assert json.dumps(meeting["functions"]) == json.dumps([MEETING])
    assert meeting["actions"] == {"chat_processor": {"kind": "slots", "operation": "*"}}


def test_mf_01_to_05_it_is_the_function_of_the_checklist(meeting):
    file = ROOT.parent / "shared" / "acceptance" / "several_functions.json"
    if not file.exists():
        pytest.skip("the checklist's texts are not beside this checkout")
    expected = json.loads(file.read_text(encoding="utf-8"))
    assert meeting["functions"] == expected["functions"]
    assert meeting["prompt"] == expected["pre_system_message"]


def test_mf_06_nothing_is_known_at_first(meeting):
    slots = Agent.of("meeting", meeting).slots
    assert slots.empty() == {"date": "", "place": "", "participant": "", "agenda": ""}


def test_mf_28_each_operation_has_a_schema_of_its_own(author):
    schemas = tools(author.ours(slots=SLOTS))
    assert list(schemas) == ["set_item", "ask_next_item", "completed_items"]
    assert schemas["set_item"]["required"] == ["key", "value"]
    assert schemas["set_item"]["properties"]["key"]["enum"] == ["city", "days", "size"]
    assert schemas["set_item"]["properties"]["value"]["type"] == ["string", "integer"]
    assert "required" not in schemas["ask_next_item"]
    assert schemas["completed_items"] == {"type": "object", "properties": {}}
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        fastjsonschema.compile(schemas["set_item"])({"key": "city"})
    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        fastjsonschema.compile(schemas["set_item"])({"key": "colour", "value": "red"})


def test_each_operation_is_run_by_the_slots(author):
    actions = author.ours(slots=SLOTS).compiled()["actions"]
    assert actions == {
        name: {"kind": "slots", "operation": name}
        for name in ("set_item", "ask_next_item", "completed_items")
    }


def test_the_values_that_a_slot_may_have_are_told_to_the_model(author):
    described = tools(author.ours(slots=SLOTS))["set_item"]["properties"]["value"]["description"]
    assert "size: small, large" in described
    own = author.ours(slots=SLOTS, slots_texts={"value": "The value."})
    assert tools(own)["set_item"]["properties"]["value"]["description"] == "The value."


def test_slot_functions_come_after_the_manifest_s_own(author):
    assert list(tools(author.ours(slots=SLOTS, functions=[GREET])))[0] == "greet"


def test_slots_may_be_a_mapping_by_name_and_have_an_order(author):
    by_name = {"city": "Where?", "days": {"type": "integer", "order": -1}}
    slots = Agent.of("one", author.ours(slots=by_name).compiled()).slots
    assert [slot.name for slot in slots.items] == ["days", "city"]
    assert slots.items[1].question == "Where?"


def test_the_texts_and_the_end_are_the_manifest_s(author):
    texts = {"initial": " first {slots}", "current": " now {slots}"}
    said = author.ours(slots=SLOTS, slots_texts=texts, slots_end=False).compiled()
    slots = Agent.of("one", said).slots
    assert (slots.initial, slots.current, slots.ends) == (" first {slots}", " now {slots}", False)
    silent = Agent.of("one", author.ours(slots=SLOTS).compiled()).slots
    assert "{slots}" in silent.initial
    assert "{slots}" in silent.current
    assert silent.ends


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"slots": [{"name": "a b"}]}, "bad_value"),
        ({"slots": [{"question": "Where?"}]}, "missing_key"),
        ({"slots": [{"name": "a", "colour": "red"}]}, "unknown_key"),
        ({"slots": [{"name": "a"}, {"name": "a"}]}, "said_twice"),
        ({"slots": [{"name": "a", "type": "date"}]}, "bad_value"),
        ({"slots": [{"name": "a", "enum": [True]}]}, "bad_enum"),
        ({"slots": "date"}, "bad_value"),
        (
            {"slots": SLOTS, "functions": [{"name": "set_item"}]},
            "duplicate_function",
        ),
        ({"slots": SLOTS, "slots_texts": {"begin": "x"}}, "unknown_key"),
    ],
)
def test_slots_that_cannot_be_filled_are_refused(author, members, code):
    assert codes(author.ours(**members)) == [code]
