"""Slots: what an agent has to find out, filled over several turns by three operations.

Operations run in the order in which they stand; each has a result of its own, and one that fails hides no other.
Values are set for the next request's system message; what is asked or completed is told in the result.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.shared.agent import Slot, Slots

SET_ITEM = "set_item"
ASK_NEXT_ITEM = "ask_next_item"
COMPLETED_ITEMS = "completed_items"
NAMES = (SET_ITEM, ASK_NEXT_ITEM, COMPLETED_ITEMS)
EVERY = "*"
"""The operation of the one function that takes all of them."""
OPERATIONS_PER_CALL = 32
VALUE_CHARACTERS = 4000
UNKNOWN = ""
_SANE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,14})", re.ASCII)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?", re.ASCII)

Result = dict[str, Any]


class _Refused(Exception):
    """An operation that does nothing; the message is made for the model."""


@dataclass(frozen=True, slots=True)
class SlotResult:
    """What a call did: the values from now on, and the text for the model."""

    state: Mapping[str, Any]
    text: str
    completed: bool
    """Whether everything needed is known and was handed over, and nothing of the call failed."""
    ok: bool
    """Whether nothing of the call failed."""


def run_slot_call(
    slots: Slots, state: Mapping[str, Any], function: str, arguments: Mapping[str, Any]
) -> SlotResult:
    """Run one call, of an operation's own function or of the one that takes `operations`."""
    doing = _Doing(slots, _known(slots, state))
    if function in (slots.processor, EVERY):
        results = doing.operations(arguments)
    else:
        results = [doing.operation(function, arguments)]
    failed = any("error" in result for result in results)
    said = {"results": results} if function in (slots.processor, EVERY) else results[0]
    text = json.dumps(
        {**said, "items": doing.state, "missing": doing.missing()}, ensure_ascii=False
    )
    return SlotResult(doing.state, text, doing.is_complete and not failed, not failed)


def names_run(function: str, arguments: Mapping[str, Any]) -> list[str]:
    """The names of what a call runs, in order, for the log: its own, or those of its `operations`."""
    operations = arguments.get("operations")
    if not isinstance(operations, list):
        return [_sane(function)]
    return [
        _sane(operation.get("name") if isinstance(operation, dict) else None)
        for operation in operations[:OPERATIONS_PER_CALL]
    ]


class _Doing:
    """The values while one call runs."""

    def __init__(self, slots: Slots, state: dict[str, Any]) -> None:
        self._slots = {slot.name: slot for slot in slots.items}
        self.state = state
        self.is_complete = False

    def missing(self) -> list[str]:
        """What is needed and not known, in its order."""
        return [
            slot.name
            for slot in self._slots.values()
            if slot.required and self.state[slot.name] == UNKNOWN
        ]

    def operations(self, arguments: Mapping[str, Any]) -> list[Result]:
        operations = arguments.get("operations")
        if not isinstance(operations, list) or not operations:
            return [{"error": f"Nothing was run: operations must list some of {_listed(NAMES)}."}]
        results = [self._listed_operation(one) for one in operations[:OPERATIONS_PER_CALL]]
        if len(operations) > OPERATIONS_PER_CALL:
            results.append({"error": f"Only the first {OPERATIONS_PER_CALL} operations were run."})
        return results

    def _listed_operation(self, operation: object) -> Result:
        if not isinstance(operation, dict):
            return {"error": "An operation must be an object with name and args."}
        name, arguments = operation.get("name"), operation.get("args")
        if not isinstance(name, str):
            return {"error": f"The operation has no name; it can be {_listed(NAMES)}."}
        others = sorted(set(operation) - {"name", "args"})
        if others or not isinstance(arguments, dict | None):
            return {"name": name[:64], "error": "An operation has a name and args, an object."}
        return self.operation(name, arguments or {})

    def operation(self, name: str, arguments: Mapping[str, Any]) -> Result:
        operation = self._table().get(name)
        if operation is None:
            sentence = f"There is no operation {name[:64]!r}; it can be {_listed(NAMES)}."
            return {"name": name[:64], "error": sentence}
        others = sorted(set(arguments) - {"key", "value"})
        if others:
            sentence = f"Only key and value can be given, not {_listed(others)}."
            return {"name": name, "error": sentence}
        try:
            return {"name": name, **operation(arguments)}
        except _Refused as error:
            return {"name": name, "error": str(error)}

    def _table(self) -> Mapping[str, Callable[[Mapping[str, Any]], Result]]:
        return {
            SET_ITEM: self._set_item,
            ASK_NEXT_ITEM: self._ask_next_item,
            COMPLETED_ITEMS: self._completed_items,
        }

    def _set_item(self, arguments: Mapping[str, Any]) -> Result:
        slot = self._slot(arguments.get("key"))
        given, before = arguments.get("value"), self.state[slot.name]
        if given is None or (slot.required and isinstance(given, str) and not given.strip()):
            raise _Refused(f"There is no value for {slot.name}.")
        self.state[slot.name] = value = _value_of(slot, given)
        status = "set" if before in (UNKNOWN, value) else "changed"
        return {"status": status, "key": slot.name, "value": value}

    def _ask_next_item(self, arguments: Mapping[str, Any]) -> Result:
        if arguments.get("key") is None:
            missing = self.missing() or [key for key, one in self.state.items() if one == UNKNOWN]
            if not missing:
                raise _Refused(f"Nothing is missing; run {COMPLETED_ITEMS}.")
            slot = self._slots[missing[0]]
        else:
            slot = self._slot(arguments["key"])
        asked = {"question": slot.question} if slot.question else {}
        choices = {"choices": list(slot.enum)} if slot.enum else {}
        return {"status": "ask the person for it now", "key": slot.name, **asked, **choices}

    def _completed_items(self, arguments: Mapping[str, Any]) -> Result:  # noqa: ARG002 - takes none
        missing = self.missing()
        if missing:
            raise _Refused(f"Not complete: {_listed(missing)} must still be asked for.")
        self.is_complete = True
        return {"status": "completed", "items": dict(self.state)}

    def _slot(self, key: object) -> Slot:
        slot = self._slots.get(key) if isinstance(key, str) else None
        if slot is None:
            named = repr(key[:64]) if isinstance(key, str) else "of this kind"
            raise _Refused(f"There is no item {named}; it can be {_listed(self._slots)}.")
        return slot


def _known(slots: Slots, state: Mapping[str, Any]) -> dict[str, Any]:
    """The stored values as far as the manifest of today has and takes them."""
    known: dict[str, Any] = {}
    for slot in slots.items:
        try:
            known[slot.name] = _value_of(slot, state.get(slot.name, UNKNOWN))
        except _Refused:
            known[slot.name] = UNKNOWN
    return known


def _value_of(slot: Slot, value: Any) -> Any:
    """The value as the slot's type takes it; a text that plainly writes a number or a choice is read as one."""
    if isinstance(value, str):
        value = _read(slot, value.strip())
        if value == UNKNOWN and not slot.required:
            return UNKNOWN
    if value == UNKNOWN or not _is_of(slot.type, value):
        raise _Refused(f"{slot.name} must be {_expected(slot)}.")
    if slot.enum and not any(type(one) is type(value) and one == value for one in slot.enum):
        raise _Refused(f"{slot.name} must be {_expected(slot)}.")
    if len(json.dumps(value, ensure_ascii=False)) > VALUE_CHARACTERS:
        raise _Refused(f"{slot.name} must be shorter than {VALUE_CHARACTERS} characters.")
    return value


def _read(slot: Slot, text: str) -> Any:
    if slot.type == "integer" and _WHOLE.fullmatch(text):
        return int(text)
    if slot.type == "number" and _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    if slot.type == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


def _is_of(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    kinds: Mapping[str, type | tuple[type, ...]] = {
        "string": str,
        "integer": int,
        "number": (int, float),
        "array": list,
        "object": dict,
    }
    return name in kinds and isinstance(value, kinds[name])


def _expected(slot: Slot) -> str:
    if slot.enum:
        return f"one of {', '.join(json.dumps(one, ensure_ascii=False) for one in slot.enum)}"
    names = {"string": "a text", "integer": "a whole number", "boolean": "true or false"}
    return names.get(slot.type, f"of the type {slot.type}")


def _listed(names: Sequence[str] | Mapping[str, Any]) -> str:
    return ", ".join(str(name)[:64] for name in names)


def _sane(name: object) -> str:
    """A name that cannot forge a line of the log."""
    return name if isinstance(name, str) and _SANE_NAME.fullmatch(name) else "(unnamed)"
