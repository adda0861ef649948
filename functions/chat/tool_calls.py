"""What the model asks for, checked: offered, strict JSON, an object, valid against the closed schema.

A call that fails becomes a tool result that tells the model what is wrong; nothing runs.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.chat.model import RequestedCall
from functions.shared.agent import Agent
from functions.shared.operations import OPERATIONS
from functions.shared.run_instances import BadArguments

CALLS_PER_ANSWER = 32
GATED_PER_ANSWER = 8
ARGUMENT_BYTES = 16 * 1024
_SANE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


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
    gated = 0
    for index, call in enumerate(requested):
        is_repeated = bool(call.id) and call.id in own_ids
        own_ids.add(call.id)
        usable = (
            _SANE_ID.fullmatch(call.id) is not None and call.id not in used_ids and not is_repeated
        )
        call_id = call.id if usable else f"call_{turn}_{len(used_ids)}_{index}"
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
        checked.append(CheckedCall(call_id, call.name[:64], text, arguments, complaint))
    return checked


class UnreadableArguments(Exception):
    """Arguments that are not one strict JSON object; the message is made for the model."""


def parse_arguments(text: str) -> dict[str, Any]:
    """One strict JSON object: no duplicate keys, no NaN or Infinity, no floats where a whole number is meant."""
    if len(text.encode()) > ARGUMENT_BYTES:
        raise UnreadableArguments(f"The arguments are larger than {ARGUMENT_BYTES // 1024} KB.")
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
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
        _validator(json.dumps(closed(schema), sort_keys=True))(arguments)
    except fastjsonschema.JsonSchemaValueException as error:
        raise UnreadableArguments(
            f"The arguments do not fit the schema: {error.message}."
        ) from error


_validators: dict[str, Any] = {}


def _validator(schema: str) -> Any:
    import fastjsonschema

    if schema not in _validators:
        _validators[schema] = fastjsonschema.compile(json.loads(schema), use_default=False)
    return _validators[schema]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")
