"""Slots as a manifest writes them become the functions by which the model fills them."""

from collections.abc import Mapping, Sequence
from typing import Any

from infra.manifests.manifest import Head, Slot, SlotsTexts
from infra.manifests.pieces import checked
from infra.manifests.problems import Findings

OPERATIONS = ("set_item", "ask_next_item", "completed_items")
ENGLISH: Mapping[str, str] = {
    "initial": "\n\nItems, none of them known yet: {slots}",
    "current": "\n\nItems as they are known now: {slots}",
    "function": "Work on the items, one or more operations in order. "
    "'set_item' keeps a value of an item. 'ask_next_item' lets you ask the person for another item. "
    "'completed_items' ends the work when every required item is known.",
    "operations": "The operations, run one after the other.",
    "operation": "Which operation.",
    "key": "The item. For 'ask_next_item', the first that is still unknown.",
    "value": "What the person said the item is.",
    "set_item": "Keep what the person said an item is; called again, it replaces the value.",
    "ask_next_item": "Ask the person for the next item that is still unknown, one at a time.",
    "completed_items": "End the work when every required item is known.",
}
TYPES = ("string", "number", "integer", "boolean")


def read_slots(written: Any, findings: Findings) -> list[Slot]:
    """The slots in their order, from a list or from a mapping by name."""
    if isinstance(written, dict):
        listed = [
            (("slots", name), {"question": value} if isinstance(value, str) else value, name)
            for name, value in written.items()
        ]
        items = [
            (key, {**value, "name": name} if isinstance(value, dict) else value)
            for key, value, name in listed
        ]
    elif isinstance(written, list):
        items = [(("slots", index), value) for index, value in enumerate(written)]
    else:
        findings.refuse("bad_value", ("slots",), "a list or a mapping of slots is expected")
        return []
    slots = []
    for key, value in items:
        slot = checked(Slot, value, key, findings)
        if slot is not None:
            slots.append(slot)
    names = [slot.name for slot in slots]
    for name in sorted({name for name in names if names.count(name) > 1}):
        findings.refuse("said_twice", ("slots",), f"two slots are named {name}")
    for slot in slots:
        if any(_type_of(value) not in _fitting(slot.type) for value in slot.enum):
            message = f"a value of {slot.name}'s enum is no {slot.type}; put a text into quotes"
            findings.refuse("bad_enum", ("slots",), message)
    places = {
        slot.name: (index if slot.order is None else slot.order) for index, slot in enumerate(slots)
    }
    return sorted(slots, key=lambda slot: places[slot.name])


def slot_functions(
    slots: Sequence[Slot], processor: str | None, texts: SlotsTexts
) -> list[dict[str, Any]]:
    """The one function that takes operations, or three for a model that calls several at once."""
    words = texts_of(texts)
    if texts.value is None:
        words["value"] += _choices(slots)
    key = {"type": "string", "description": words["key"], "enum": [slot.name for slot in slots]}
    if processor:
        return [_processor(processor, key, words)]
    value = {**_value_schema(slots), "description": words["value"]}
    return [
        _function("set_item", words, {"key": key, "value": value}, ["key", "value"]),
        _function("ask_next_item", words, {"key": key}, []),
        _function("completed_items", words, {}, []),
    ]


def slot_actions(processor: str | None) -> dict[str, dict[str, Any]]:
    """What is done when these functions are called."""
    if processor:
        return {processor: {"kind": "slots", "operation": "*"}}
    return {name: {"kind": "slots", "operation": name} for name in OPERATIONS}


def compiled_slots(slots: Sequence[Slot], head: Head) -> dict[str, Any]:
    """What the chat needs to fill them."""
    words = texts_of(head.slots_texts)
    compiled: dict[str, Any] = {
        "items": [
            slot.model_dump(mode="json", exclude_defaults=True, exclude={"order"}) for slot in slots
        ],
        "initial": words["initial"],
        "current": words["current"],
    }
    if head.slots_processor:
        compiled["processor"] = head.slots_processor
    if not head.slots_end:
        compiled["ends"] = False
    return compiled


def texts_of(texts: SlotsTexts) -> dict[str, str]:
    """What the manifest says, in English where it says nothing."""
    return {name: _said(getattr(texts, name), english) for name, english in ENGLISH.items()}


def _choices(slots: Sequence[Slot]) -> str:
    return "".join(
        f" {slot.name}: {', '.join(map(str, slot.enum))}." for slot in slots if slot.enum
    )


def _said(text: str | None, english: str) -> str:
    return english if text is None else text


def _processor(name: str, key: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    operation = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": words["operation"], "enum": list(OPERATIONS)},
            "args": {
                "type": "object",
                "properties": {
                    "key": key,
                    "value": {"type": "string", "description": words["value"]},
                },
                "required": ["key"],
            },
        },
        "required": ["args"],
        "description": words["operations"],
    }
    return {
        "name": name,
        "description": words["function"],
        "parameters": {
            "type": "object",
            "properties": {"operations": {"type": "array", "items": operation}},
        },
    }


def _function(
    name: str, words: Mapping[str, str], properties: Mapping[str, Any], required: Sequence[str]
) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": dict(properties)}
    if required:
        schema["required"] = list(required)
    return {"name": name, "description": words[name], "parameters": schema}


def _value_schema(slots: Sequence[Slot]) -> dict[str, Any]:
    """A value fits one of the slots; which one, the chat checks."""
    types = [type_ for type_ in TYPES if any(slot.type == type_ for slot in slots)]
    return {"type": types[0] if len(types) == 1 else types}


def _type_of(value: object) -> str:
    return "boolean" if isinstance(value, bool) else type(value).__name__


def _fitting(type_: str) -> tuple[str, ...]:
    return {"string": ("str",), "integer": ("int",), "number": ("int", "float")}.get(
        type_, ("boolean",)
    )
