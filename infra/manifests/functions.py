"""The functions of a manifest: inline or in a file, each with a schema that the chat can check."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import fastjsonschema

from infra.manifests.files import FileRefused, Folder
from infra.manifests.manifest import Function
from infra.manifests.pieces import checked
from infra.manifests.problems import Findings, Key
from infra.manifests.source import SUFFIXES, read_source
from infra.manifests.unreadable import Unreadable
from infra.manifests.words import known_members

TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
    "array": list,
    "object": dict,
}


@dataclass(frozen=True, slots=True)
class Functions:
    """The usable functions as written, and the names of all."""

    usable: tuple[dict[str, Any], ...] = ()
    names: frozenset[str] | None = None
    """None where their list could not be read."""


def read_functions(written: Any, *, folder: Folder, findings: Findings, version: int) -> Functions:
    """Every usable function; what is wrong with the others is in the findings."""
    key: Key = ("functions",)
    if isinstance(written, str):
        try:
            file = folder.find(written)
            source = read_source(file)
        except FileRefused as error:
            findings.refuse(error.code, key, str(error))
            return Functions()
        except Unreadable as error:
            within = findings.inside(folder.shown(file), {})
            for mistake in error.mistakes:
                within.lines[mistake.key] = mistake.line
                within.refuse(mistake.code, mistake.key, mistake.message)
            return Functions()
        if file.suffix not in SUFFIXES:
            findings.refuse("bad_functions", key, "functions are in a YAML or JSON file")
            return Functions()
        findings, written, key = findings.inside(folder.shown(file), source.lines), source.value, ()
        if version == 1 and isinstance(written, list):
            unknown: list[str] = []
            written = known_members(written, unknown)
            if unknown:
                message = f"unknown keys have no effect: {', '.join(unknown)}"
                findings.warn("unknown_key", (), message)
    if not isinstance(written, list):
        findings.refuse("bad_functions", key, "a list of functions is expected")
        return Functions()
    functions: list[dict[str, Any]] = []
    for index, function in enumerate(written):
        where = (*key, index)
        if checked(Function, function, where, findings) is None:
            continue
        schema = function.get("parameters")
        if schema is None or check_schema(schema, (*where, "parameters"), findings, version):
            functions.append(function)
    names = [str(one.get("name")) for one in written if isinstance(one, dict)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        findings.refuse("duplicate_function", key, f"two functions are named {name}")
    return Functions(tuple(functions), frozenset(names))


def check_schema(schema: Any, key: Key, findings: Findings, version: int) -> bool:
    """Whether it is the schema of an object that the chat can check arguments against."""
    before = len(findings.problems)
    if not isinstance(schema, dict) or schema.get("type") != "object":
        findings.refuse("bad_schema", (*key, "type"), "the schema's type must be object")
        return False
    properties = schema.get("properties", {})
    if not isinstance(properties, dict) or not all(
        isinstance(part, dict) for part in properties.values()
    ):
        message = "each argument has a name and a schema"
        findings.refuse("bad_schema", (*key, "properties"), message)
    for where, part in _parts(schema, key):
        reference = part.get("$ref")
        if reference is not None and not str(reference).startswith("#"):
            message = "a schema may refer to its own parts only"
            findings.refuse("bad_schema", (*where, "$ref"), message)
        _check_enum(part, where, findings, version)
        ghosts = ghosts_of(part)
        if ghosts and version == 1:
            message = f"no such property, so it is not required: {', '.join(ghosts)}"
            findings.warn("ghost_required", (*where, "required"), message)
        elif ghosts:
            message = f"there is no property {', '.join(ghosts)}"
            findings.refuse("ghost_required", (*where, "required"), message)
    if len(findings.problems) == before:
        try:
            fastjsonschema.compile(schema)
        except (fastjsonschema.JsonSchemaDefinitionException, TypeError, ValueError) as error:
            findings.refuse("bad_schema", key, " ".join(str(error).split()))
        except (AttributeError, KeyError, RecursionError):
            findings.refuse("bad_schema", key, "it is no JSON Schema")
    return len(findings.problems) == before


def ghosts_of(schema: Mapping[str, Any]) -> list[str]:
    """The names in `required` that are no property."""
    properties, required = schema.get("properties"), schema.get("required")
    if not isinstance(properties, dict) or not isinstance(required, list):
        return []
    return [str(name) for name in required if not isinstance(name, str) or name not in properties]


def required_of(function: Mapping[str, Any]) -> list[str]:
    """The arguments that a call must have."""
    ghosts = ghosts_of(function.get("parameters", {}))
    required = function.get("parameters", {}).get("required", ())
    return [
        name for name in required if str(name) not in ghosts and name in properties_of(function)
    ]


def properties_of(function: Mapping[str, Any]) -> Mapping[str, Any]:
    """The arguments that a call may have, with their schemas."""
    properties: Mapping[str, Any] = function.get("parameters", {}).get("properties", {})
    return properties


def _parts(schema: Any, key: Key) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Every mapping in a schema that is a schema itself."""
    if isinstance(schema, list):
        for index, part in enumerate(schema):
            yield from _parts(part, (*key, index))
    if not isinstance(schema, dict):
        return
    yield key, schema
    for name, value in schema.items():
        if name in ("enum", "const", "default", "examples", "required"):
            continue
        if name in ("properties", "$defs", "definitions") and isinstance(value, dict):
            for own, part in value.items():
                yield from _parts(part, (*key, name, own))
        else:
            yield from _parts(value, (*key, name))


def _check_enum(schema: Mapping[str, Any], key: Key, findings: Findings, version: int) -> None:
    """YAML reads `on` and `no` as booleans: a value that its own type refuses is an oversight."""
    values, type_ = schema.get("enum"), schema.get("type")
    if not isinstance(values, list) or not isinstance(type_, str) or type_ not in TYPES:
        return
    strange = [value for value in values if not _is(value, type_)]
    if strange:
        shown = ", ".join(map(repr, strange))
        message = f"{shown} is no {type_}; put a text into quotes"
        tell = findings.warn if version == 1 else findings.refuse
        tell("bad_enum", (*key, "enum"), message)


def _is(value: Any, type_: str) -> bool:
    if isinstance(value, bool):
        return type_ == "boolean"
    return isinstance(value, TYPES[type_])
