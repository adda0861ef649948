"""The arguments of a tool call: strict JSON, one object, valid against the schema with every declared object closed."""

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from functions.chat.target_argument import without_target
from functions.shared.agent import Action, Agent
from functions.shared.operations import OPERATIONS, READS
from functions.shared.strict_json import unique, whole

ARGUMENT_BYTES = 16 * 1024
_LITERAL = frozenset({"enum", "const", "default", "examples", "required"})
_SCALARS = (bool, int, float)


class UnreadableArguments(Exception):
    """Arguments that cannot be used; the message is made for the model."""


def arguments_of(
    text: str, function: Mapping[str, Any], action: Action, agent: Agent
) -> dict[str, Any]:
    """The arguments of a call as its action takes them; raises `UnreadableArguments` or `BadArguments`."""
    is_strict = action.kind == "aws"
    bare = bare_code(text) if agent.notebook and action.kind == "notebook" else None
    arguments = (
        {"code": bare}
        if bare is not None
        else parse_arguments(text if is_strict or text.strip() else "{}", is_strict=is_strict)
    )
    if not is_strict:
        _check_text(arguments)
    if bare is not None or (action.kind == "notebook" and not function):
        OPERATIONS[action.kind].check(arguments)
        return arguments
    if action.kind == "slots":
        return arguments
    schema = function.get("parameters") or {"type": "object", "properties": {}}
    if action.kind == "aws":
        _validate(arguments, closed(schema))
        if action.operation not in READS:
            OPERATIONS[action.operation].check(without_target(arguments))
        return arguments
    arguments = worded(arguments, schema)
    beside = {"variables"} if action.kind == "graphql" else set()
    if not isinstance(arguments.get("variables", {}), dict):
        beside = set()
    checked = {key: value for key, value in arguments.items() if key not in beside}
    _validate(checked, _fitting(schema, agent, action))
    if action.kind in OPERATIONS:
        OPERATIONS[action.kind].check(arguments)
    return arguments


def bare_code(text: str) -> str | list[str] | None:
    """Code that a model wrote in the place of arguments: as it is, or as a JSON text or list; None where it is none."""
    if len(text.encode("utf-8", "replace")) > ARGUMENT_BYTES or text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return text
    is_lines = isinstance(value, list) and all(isinstance(line, str) for line in value)
    return value if isinstance(value, str) or (value and is_lines) else text


def parse_arguments(text: str, *, is_strict: bool = True) -> dict[str, Any]:
    """One JSON object: no duplicate keys, no NaN or Infinity, no numbers that readers round differently.

    Where that is not strict, line breaks may stand in strings as models write them in code and queries.
    """
    if len(text.encode()) > ARGUMENT_BYTES:
        raise UnreadableArguments(f"The arguments are larger than {ARGUMENT_BYTES // 1024} KB.")
    try:
        value = json.loads(
            text,
            strict=is_strict,
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


def worded(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers and truth values as text where the schema wants text: models leave quotes away."""
    properties = schema.get("properties") or {}
    return {
        key: json.dumps(value)
        if isinstance(value, _SCALARS) and _wants_text(properties.get(key))
        else value
        for key, value in arguments.items()
    }


def closed(schema: Any, *, is_open_where_silent: bool = False) -> Any:
    """The schema with every object closed, so that a field nobody declared is refused.

    `is_open_where_silent` leaves objects open that declare no properties at all.
    """
    if isinstance(schema, list):
        return [closed(part, is_open_where_silent=is_open_where_silent) for part in schema]
    if not isinstance(schema, dict):
        return schema
    result = {
        key: value if key in _LITERAL else closed(value, is_open_where_silent=is_open_where_silent)
        for key, value in schema.items()
    }
    if "properties" in schema and isinstance(schema["properties"], dict):
        result["properties"] = {
            name: closed(value, is_open_where_silent=is_open_where_silent)
            for name, value in schema["properties"].items()
        }
        result.setdefault("additionalProperties", False)
    elif schema.get("type") == "object" and not is_open_where_silent:
        result.setdefault("additionalProperties", False)
    return result


def _fitting(schema: Mapping[str, Any], agent: Agent, action: Action) -> Any:
    """The closed schema; what it requires and does not declare is nobody's to give.

    In SlashGPT's format an agent is handed over to with what is known, and the rest is null.
    """
    fitting = closed(dict(schema), is_open_where_silent=True)
    fitting.setdefault("additionalProperties", False)
    declared = fitting.get("properties") or {}
    required = [name for name in fitting.pop("required", ()) if name in declared]
    if required and not (agent.version == 1 and action.kind in ("emit", "notebook")):
        fitting["required"] = required
    if agent.version == 1 and action.kind == "notebook":
        fitting = {"type": "object"}
    return fitting


def _check_text(arguments: Mapping[str, Any]) -> None:
    """Half a character can be escaped in JSON, but neither stored nor sent."""
    try:
        json.dumps(arguments, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise UnreadableArguments("The arguments hold half a character.") from error


def _wants_text(schema: object) -> bool:
    return isinstance(schema, dict) and schema.get("type") == "string"


def _validate(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    import fastjsonschema

    try:
        _validator(json.dumps(schema, sort_keys=True))(_exact(arguments))
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
    """`format` is a hint to the model: who writes a manifest means what the service takes, not RFC 3339."""
    import fastjsonschema

    if schema not in _validators:
        _validators[schema] = fastjsonschema.compile(
            json.loads(schema), use_default=False, use_formats=False
        )
    return _validators[schema]


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")
