"""What the model asks for, checked: offered, strict JSON, an object, valid against the closed schema.

A call that fails becomes a tool result that tells the model what is wrong; nothing runs.
"""

import itertools
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from functions.chat.model import RequestedCall
from functions.shared.agent import Agent
from functions.shared.operations import OPERATIONS
from functions.shared.run_instances import BadArguments
from functions.shared.strict_json import unique, whole

CALLS_PER_ANSWER = 32
GATED_PER_ANSWER = 8
ARGUMENT_BYTES = 16 * 1024
COMPLAINT_CHARACTERS = 500
_SANE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_SANE_NAME = re.compile(r"[^A-Za-z0-9_-]", re.ASCII)
"""What a function's name cannot hold on the wire; services refuse a history with such a name."""


@dataclass(frozen=True, slots=True)
class CheckedCall:
    """A call with an id of its own; `complaint` says why it is refused, else `arguments` are valid."""

    id: str
    name: str
    text: str
    """The arguments as the model wrote them."""
    arguments: Mapping[str, Any] | None
    complaint: str

    def on_the_wire(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": "function",
            "function": {"name": self.name, "arguments": self.text},
        }


def check_calls(
    requested: Iterable[RequestedCall], *, agent: Agent, turn: int, used_ids: frozenset[str]
) -> list[CheckedCall]:
    """Every call of one answer in order, each with an id that is unique in the conversation's window."""
    checked: list[CheckedCall] = []
    own_ids: set[str] = set()
    taken_ids = set(used_ids)
    gated = 0
    for index, call in enumerate(requested):
        is_repeated = bool(call.id) and call.id in own_ids
        own_ids.add(call.id)
        usable = _SANE_ID.fullmatch(call.id) is not None and call.id not in taken_ids
        call_id = call.id if usable else _free_id(turn, taken_ids)
        taken_ids.add(call_id)
        arguments, complaint = _checked(call, agent)
        if index >= CALLS_PER_ANSWER:
            arguments, complaint = (
                None,
                f"Only {CALLS_PER_ANSWER} calls fit into one answer; call again.",
            )
        elif is_repeated:
            arguments, complaint = (
                None,
                "This call repeats the id of another call; give each its own id.",
            )
        elif complaint == "":
            gated += 1
            if gated > GATED_PER_ANSWER:
                arguments = None
                complaint = (
                    f"Only {GATED_PER_ANSWER} calls can be countersigned at once; call again."
                )
        text = call.arguments if len(call.arguments.encode()) <= ARGUMENT_BYTES else "{}"
        name = _SANE_NAME.sub("_", call.name)[:64] or "_"
        checked.append(
            CheckedCall(call_id, name, text, arguments, complaint[:COMPLAINT_CHARACTERS])
        )
    return checked


class UnreadableArguments(Exception):
    """Arguments that are not one strict JSON object; the message is made for the model."""


def parse_arguments(text: str) -> dict[str, Any]:
    """One strict JSON object: no duplicate keys, no NaN or Infinity, no numbers that readers round differently."""
    if len(text.encode()) > ARGUMENT_BYTES:
        raise UnreadableArguments(f"The arguments are larger than {ARGUMENT_BYTES // 1024} KB.")
    try:
        value = json.loads(
            text,
            object_pairs_hook=unique,
            parse_constant=_no_constant,
            parse_int=whole,
            parse_float=_finite,
        )
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, ValueError) else "nested too deeply"
        raise UnreadableArguments(f"The arguments are not valid JSON: {reason}.") from error
    if not isinstance(value, dict):
        raise UnreadableArguments("The arguments must be one JSON object.")
    return value


def closed(schema: Any) -> Any:
    """The schema with every object closed, so that a field nobody declared is refused."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: value if key in _LITERAL else closed(value) for key, value in schema.items()}
    if "properties" in schema and isinstance(schema["properties"], dict):
        result["properties"] = {name: closed(value) for name, value in schema["properties"].items()}
        result.setdefault("additionalProperties", False)
    elif schema.get("type") == "object":
        result.setdefault("additionalProperties", False)
    return result


_LITERAL = frozenset({"enum", "const", "default", "examples", "required"})


def _checked(call: RequestedCall, agent: Agent) -> tuple[Mapping[str, Any] | None, str]:
    function = agent.functions.get(call.name)
    if function is None:
        return (
            None,
            f"There is no function {call.name[:64]!r}. Offered: {', '.join(agent.functions) or 'none'}.",
        )
    try:
        arguments = parse_arguments(call.arguments)
        _validate(arguments, function.get("parameters") or {"type": "object", "properties": {}})
        OPERATIONS[agent.actions[call.name].operation].check(arguments)
    except (UnreadableArguments, BadArguments) as error:
        return None, str(error)
    return arguments, ""


def _validate(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    import fastjsonschema

    try:
        _validator(json.dumps(closed(schema), sort_keys=True))(_exact(arguments))
    except fastjsonschema.JsonSchemaValueException as error:
        raise UnreadableArguments(
            f"The arguments do not fit the schema: {error.message}."
        ) from error


def _exact(value: Any) -> Any:
    """The value with every float as a Decimal, which no schema takes for a whole number: `1.0` is not `1`."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, list):
        return [_exact(part) for part in value]
    if isinstance(value, dict):
        return {key: _exact(part) for key, part in value.items()}
    return value


_validators: dict[str, Any] = {}


def _validator(schema: str) -> Any:
    import fastjsonschema

    if schema not in _validators:
        _validators[schema] = fastjsonschema.compile(json.loads(schema), use_default=False)
    return _validators[schema]


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _free_id(turn: int, taken: set[str]) -> str:
    """An id of ours: the first that nobody has."""
    numbered = (f"call_{turn}_{number}" for number in itertools.count(1))
    return next(call_id for call_id in numbered if call_id not in taken)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")
