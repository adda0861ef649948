"""The small scripted model fills slots, with one function or with three, until everything is known."""

import json

import pytest

from functions.chat.slots import run_slot_call
from functions.shared.agent import Slot, Slots
from local.scripted_model.reply import reply

ITEMS = (
    Slot("day", question="Which day?"),
    Slot("size", question="Which size?", enum=("small", "large")),
)
KEY = {"type": "string", "enum": [slot.name for slot in ITEMS]}
VALUE = {"type": "string"}
OPERATIONS = ["set_item", "ask_next_item", "completed_items"]


def function(name, properties, required=()):
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {"type": "function", "function": {"name": name, "parameters": schema}}


PROCESSOR = [
    function(
        "work",
        {
            "operations": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string", "enum": OPERATIONS},
                        "args": {"type": "object", "properties": {"key": KEY, "value": VALUE}},
                    },
                },
            }
        },
    )
]
NATIVE = [
    function("set_item", {"key": KEY, "value": VALUE}, ["key", "value"]),
    function("ask_next_item", {"key": KEY}),
    function("completed_items", {}),
]


class Dialogue:
    """The scripted model with the product's own slots behind it."""

    def __init__(self, tools, more=()):
        self._tools = [*tools, *more]
        processor = "work" if tools is PROCESSOR else ""
        self._slots = Slots(items=ITEMS, initial="", current="", processor=processor)
        self.state = self._slots.empty()
        self.messages = [{"role": "system", "content": "Find out."}]
        self.is_complete = False
        self.other_calls = []

    def says(self, text=""):
        """What the model answers at last, to a person or before anybody has spoken."""
        if text:
            self.messages.append({"role": "user", "content": text})
        for _ in range(5):
            message = reply({"messages": self.messages, "tools": self._tools})["choices"][0][
                "message"
            ]
            self.messages.append(message)
            if not message.get("tool_calls"):
                return message["content"]
            self._run(message["tool_calls"])
            if self.is_complete or self.other_calls:
                return ""
        raise AssertionError("the model goes round in circles")

    def _run(self, calls):
        for call in calls:
            name = call["function"]["name"]
            arguments = json.loads(call["function"]["arguments"])
            if name == "order":
                self.other_calls.append(arguments)
                return
            done = run_slot_call(self._slots, self.state, name, arguments)
            self.state = dict(done.state)
            self.is_complete = done.completed and not self._has_others()
            self.messages.append({"role": "tool", "tool_call_id": call["id"], "content": done.text})

    def _has_others(self):
        return any(tool["function"]["name"] == "order" for tool in self._tools)


@pytest.fixture(params=[PROCESSOR, NATIVE], ids=["one function", "three functions"])
def tools(request):
    return request.param


def test_it_asks_for_one_slot_after_the_other_until_all_are_known(tools):
    dialogue = Dialogue(tools)
    assert dialogue.says() == "Which day?"
    assert dialogue.says("Monday") == "Which size? (small, large)"
    dialogue.says("small")
    assert (dialogue.state, dialogue.is_complete) == ({"day": "Monday", "size": "small"}, True)


def test_a_greeting_is_no_answer(tools):
    dialogue = Dialogue(tools)
    assert dialogue.says("Hello!") == "Which day?"
    assert dialogue.state == {"day": "", "size": ""}


def test_a_value_that_is_refused_is_asked_for_again(tools):
    dialogue = Dialogue(tools)
    dialogue.says()
    dialogue.says("Monday")
    assert dialogue.says("huge") == "Which size? (small, large)"
    assert dialogue.state == {"day": "Monday", "size": ""}


def test_only_the_first_line_is_the_answer(tools):
    """Forms put words of their own behind what people say."""
    dialogue = Dialogue(tools)
    dialogue.says()
    dialogue.says("Monday\n Is there anything else?")
    assert dialogue.state["day"] == "Monday"


def test_when_all_is_known_it_calls_what_needs_it(tools):
    order = function("order", {"day": VALUE, "size": VALUE}, ["day", "size"])
    dialogue = Dialogue(tools, [order])
    dialogue.says()
    dialogue.says("Monday")
    dialogue.says("large")
    assert dialogue.other_calls == [{"day": "Monday", "size": "large"}]


def test_no_slot_is_filled_where_nothing_may_be_called(tools):
    request = {"messages": [], "tools": tools, "tool_choice": "none"}
    assert "tool_calls" not in reply(request)["choices"][0]["message"]
