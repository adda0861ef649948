"""Compiles the manifests under agents/ into one checked JSON value that the Lambdas carry."""

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import fastjsonschema
import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from functions.shared.operations import OPERATIONS
from functions.shared.plan import canonical, digest_of
from infra.page import complaints, one_line

SUFFIXES = (".yaml", ".yml", ".json")
FILE = "agents.json"
"""Where the compiled agents lie in a zip."""

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Compiled = dict[str, dict[str, Any]]


class BadManifest(Exception):
    """A manifest cannot be used; the message is one line with its file and key."""


class Part(BaseModel):
    """A frozen part of a manifest that knows all of its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Function(Part):
    """What the model may call; the schema reaches it as written."""

    name: Name
    description: Text
    parameters: dict[str, Any]

    @field_validator("parameters")
    @classmethod
    def is_a_schema_of_an_object(cls, schema: dict[str, Any]) -> dict[str, Any]:
        if schema.get("type") != "object":
            raise ValueError("the schema's type must be object")
        try:
            fastjsonschema.compile(schema)
        except fastjsonschema.JsonSchemaDefinitionException as error:
            raise ValueError(one_line(error)) from error
        return schema


class Action(Part):
    """What is done when a function is called."""

    kind: Literal["aws"]
    operation: str

    @field_validator("operation")
    @classmethod
    def is_known(cls, operation: str) -> str:
        if operation not in OPERATIONS:
            raise ValueError(f"unknown operation {operation!r}; known: {', '.join(OPERATIONS)}")
        return operation


class Manifest(Part):
    """One agent as its author writes it."""

    title: Text
    description: str = ""
    prompt: Text
    functions: tuple[Function, ...] = ()
    actions: dict[str, Action] = Field(default_factory=dict)
    tool_choice: Literal["auto", "none", "required"] | dict[str, Any] | None = None
    samples: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def functions_and_actions_fit(self) -> "Manifest":
        names = [function.name for function in self.functions]
        if len(set(names)) < len(names):
            raise ValueError("two functions have one name")
        if missing := sorted(set(names) - set(self.actions)):
            raise ValueError(f"actions: no action for {', '.join(missing)}")
        if unknown := sorted(set(self.actions) - set(names)):
            raise ValueError(f"actions: no function is named {', '.join(unknown)}")
        return self


def compile_agents(directory: Path) -> Compiled:
    """Every manifest of a directory by its id, with its digest; raises `BadManifest`."""
    files = sorted(file for file in directory.glob("*") if file.suffix in SUFFIXES)
    if not files:
        raise BadManifest(f"{directory}: there is no manifest.")
    compiled: Compiled = {}
    for file in files:
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", file.stem):
            raise BadManifest(f"{file.name}: the file's stem is the agent's id: a-z, 0-9, - and _.")
        if file.stem in compiled:
            raise BadManifest(f"{file.name}: two manifests describe {file.stem!r}.")
        manifest = read_manifest(file).model_dump(mode="json")
        compiled[file.stem] = {**manifest, "digest": digest_of(canonical(manifest))}
    return compiled


def read_manifest(file: Path) -> Manifest:
    """One checked manifest; raises `BadManifest`."""
    text = file.read_text(encoding="utf-8")
    try:
        written = json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)
    except (json.JSONDecodeError, yaml.YAMLError) as error:
        raise BadManifest(f"{file.name}: {one_line(error)}") from error
    try:
        return Manifest.model_validate(written)
    except ValidationError as error:
        raise BadManifest(f"{file.name}: {complaints(error)}") from error


def serialized(compiled: Compiled) -> bytes:
    """The file that a zip carries; equal manifests give equal bytes."""
    return json.dumps(compiled, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def launchable_types(compiled: Compiled) -> list[str]:
    """The instance types that agents may ask for; raises `BadManifest` where one names none."""
    types: set[str] = set()
    for agent_id, agent in compiled.items():
        for function in agent["functions"]:
            if agent["actions"][function["name"]]["operation"] != "run_instances":
                continue
            properties = function["parameters"].get("properties", {})
            named = properties.get("instance_type", {}).get("enum")
            if not named:
                raise BadManifest(f"{agent_id}: {function['name']}: instance_type needs an enum.")
            types.update(named)
    return sorted(types)
