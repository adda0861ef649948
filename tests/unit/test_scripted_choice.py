"""The small scripted model looks at the catalogue, proposes one of each, and takes a yes."""

import json

import pytest

from local.scripted_model.reply import reply

LISTS = ("list_images", "list_instance_types", "list_key_pairs")
RESULTS = {
    "list_images": {
        "images": [
            {"name": "Gone", "description": "", "problem": "this image is not there now"},
            {"name": "Amazon Linux 2023", "description": "", "image_id": "ami-0c2023a1b2c3d4e5f"},
            {"name": "Ubuntu 22.04", "description": "", "image_id": "ami-0123456789abcdef0"},
        ]
    },
    "list_instance_types": {
        "instance_types": [
            {"type": "t2.micro", "usd_per_hour": "0.0116"},
            {"type": "t3.micro", "usd_per_hour": "0.0104"},
        ]
    },
    "list_key_pairs": {"key_pairs": [{"name": "kondo"}]},
}


def tools_of(*names):
    types = {"instance_type": {"type": "string", "enum": ["t2.micro", "t3.micro"]}}
    schemas = {"run_instances": {"type": "object", "properties": types}}
    return [
        {"type": "function", "function": {"name": name, "parameters": schemas.get(name, {})}}
        for name in names
    ]


def answer(messages, names=("run_instances", *LISTS)):
    return reply({"messages": messages, "tools": tools_of(*names)})["choices"][0]["message"]


def proposed(words, results=RESULTS):
    """The dialogue up to the proposal."""
    messages = [{"role": "user", "content": words}]
    asked = answer(messages)
    messages.append(asked)
    for call in asked["tool_calls"]:
        content = json.dumps(results[call["function"]["name"]])
        messages.append({"role": "tool", "tool_call_id": call["id"], "content": content})
    return [*messages, answer(messages)]


def test_a_small_linux_box_is_looked_for_in_three_lists_at_once():
    message = answer([{"role": "user", "content": "I need a small Linux box."}])
    assert tuple(call["function"]["name"] for call in message["tool_calls"]) == LISTS
    assert len({call["id"] for call in message["tool_calls"]}) == 3


@pytest.mark.parametrize(
    ("words", "image_id"),
    [
        ("I need a small Linux box.", "ami-0c2023a1b2c3d4e5f"),
        ("A cheap Ubuntu, please.", "ami-0123456789abcdef0"),
        ("Something small.", "ami-0c2023a1b2c3d4e5f"),
    ],
)
def test_it_proposes_what_was_meant_and_the_cheapest_type_and_a_yes_asks_for_it(words, image_id):
    messages = proposed(words)
    assert "0.0104 USD an hour" in messages[-1]["content"]
    [call] = answer([*messages, {"role": "user", "content": "Yes, please."}])["tool_calls"]
    assert call["function"]["name"] == "run_instances"
    wanted = {"image_id": image_id, "instance_type": "t3.micro", "key_name": "kondo"}
    assert json.loads(call["function"]["arguments"]) == wanted


def test_without_a_yes_nothing_is_asked_for():
    messages = [*proposed("I need a small Linux box."), {"role": "user", "content": "No, thanks."}]
    assert "tool_calls" not in answer(messages)


def test_an_empty_catalogue_is_told_with_its_reason():
    empty = {**RESULTS, "list_images": {"images": [], "note": "The operator has put no image in."}}
    told = proposed("I need a small Linux box.", empty)[-1]["content"]
    assert "The operator has put no image in." in told


def test_without_a_catalogue_the_dialogue_is_the_old_one():
    told = answer([{"role": "user", "content": "A small Linux instance"}], ["run_instances"])
    assert "AMI ID" in told["content"]
