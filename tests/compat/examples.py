"""Arguments made up from a schema: enough to call a function once."""

from collections.abc import Mapping
from typing import Any

SIMPLE: Mapping[str, Any] = {
    "string": "{ stub }",
    "number": 12.5,
    "integer": 7,
    "boolean": True,
    "null": None,
}


def arguments_for(function: Mapping[str, Any]) -> dict[str, Any]:
    """A value for every property that the function declares."""
    schema = function.get("parameters") or {}
    return {name: example(part) for name, part in (schema.get("properties") or {}).items()}


def example(schema: Any) -> Any:
    """A value that fits; text that is also a GraphQL query."""
    if not isinstance(schema, dict):
        return "text"
    for said in ("const", "default"):
        if said in schema:
            return schema[said]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "array":
        return [example(schema.get("items") or {})]
    if kind == "object":
        return {name: example(part) for name, part in (schema.get("properties") or {}).items()}
    return SIMPLE.get(kind, "text")
