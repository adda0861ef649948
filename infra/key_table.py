"""The keys of a model as a table for people: what each takes, what holds without it, what it means."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel


def table(model: type[BaseModel], names: list[str] | None = None) -> Iterator[str]:
    """The lines of a Markdown table of these fields, or of all, and an empty line."""
    schema = model.model_json_schema()
    properties, required = schema["properties"], schema.get("required", [])
    yield "| key | takes | without it | meaning |"
    yield "| --- | --- | --- | --- |"
    for name in names or model.model_fields:
        key = model.model_fields[name].alias or name
        takes = taken(properties[key]).replace("|", "\\|")
        default = "refused" if key in required else _default(properties[key].get("default"))
        yield f"| `{key}` | {takes} | {default} | {described(model, name)} |"
    yield ""


def sections(parts: Mapping[str, type[BaseModel]]) -> Iterator[str]:
    """For each part of a page, by its key: what it is, and the table of its keys."""
    for key, model in parts.items():
        yield f"## `{key}`"
        yield ""
        yield f"{model.__doc__}"
        yield ""
        yield from table(model)


def described(model: type[BaseModel], name: str) -> str:
    """What a field means, on one line."""
    return " ".join((model.model_fields[name].description or "").split())


def taken(property_: Mapping[str, Any]) -> str:
    """What a value is, in one short phrase."""
    if "const" in property_:
        return f"`{property_['const']}`"
    if "enum" in property_:
        return ", ".join(f"`{value}`" for value in property_["enum"])
    if "anyOf" in property_ or "oneOf" in property_:
        options = [taken(one) for one in property_.get("anyOf", property_.get("oneOf", []))]
        return " or ".join(dict.fromkeys(option for option in options if option != "null"))
    if "$ref" in property_:
        return "a mapping"
    if property_.get("type") == "array":
        return f"a list of {taken(property_.get('items', {})).removeprefix('a ')}"
    words = {
        "string": "text",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "`true`, `false`",
        "object": "a mapping",
    }
    word = words.get(str(property_.get("type")), str(property_.get("type", "any JSON")))
    return word + _bounds(property_)


def _bounds(property_: Mapping[str, Any]) -> str:
    least, most = property_.get("minimum"), property_.get("maximum")
    if least is not None and most is not None:
        return f", {least} to {most}"
    return "" if least is None else f", {least} or more"


def _default(value: Any) -> str:
    return (
        "" if value in (None, "", [], {}) or isinstance(value, dict) else f"`{json.dumps(value)}`"
    )
