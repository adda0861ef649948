"""Writes docs/manifest.schema.json and docs/manifest.md from the models.   python -m infra.manifests.reference"""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from infra.key_table import described, sections, table
from infra.manifests.actions import MODELS
from infra.manifests.codes import ERRORS, WARNINGS
from infra.manifests.manifest import (
    Access,
    Egress,
    Function,
    Head,
    Limits,
    Manifest,
    ModuleFile,
    Policy,
    Slot,
    SlotsTexts,
)
from infra.manifests.words import ACTION_WORDS
from infra.page import ROOT

SCHEMA_FILE = ROOT / "docs" / "manifest.schema.json"
PAGE_FILE = ROOT / "docs" / "manifest.md"
PARTS: Mapping[str, type[BaseModel]] = {
    "functions": Function,
    "policy": Policy,
    "module": ModuleFile,
    "slots": Slot,
    "slots_texts": SlotsTexts,
    "limits": Limits,
    "egress": Egress,
    "access": Access,
}
OPENING = """\
# The manifest

`make manifest-docs` writes this page and `docs/manifest.schema.json` from the models in `infra/manifests/`. An editor
that is told of the schema checks and completes a file:

```yaml
# yaml-language-server: $schema=../docs/manifest.schema.json
version: 2
title: Greeter
prompt: You greet people.
```

A manifest is one YAML or JSON file in `agents/`; the file's stem is the agent's id.
`python -m cli agents validate FILE|DIR` tells everything that is wrong at once, and `cdk synth` refuses a manifest for
the same reasons.

With `version: 2` every key below may stand and no other; `title` and `prompt` must. Without it the file is read as a
manifest of SlashGPT: the same keys, SlashGPT's words for some of them (`type` for `kind`, `appkey` for `secret`,
`emit_method` and `emit_data` for `method` and `data`), unknown keys without effect, and a warning where this product
does something else.

Files that a manifest names are looked for in its own folder and then in each above it, up to the folder that holds
`agents/` or `manifests/`; nothing outside that one is read, wherever links lead. Every other YAML or JSON file of the
manifest's own folder is taken for a manifest: put what manifests name into a folder of its own, such as `resources/`.

`{name}` in a text of an action stands for an argument, `{{` and `}}` for braces; nothing else happens to a text.
"""


def schema() -> dict[str, Any]:
    """The JSON Schema by which editors check and complete a manifest of either version."""
    whole = Manifest.model_json_schema()
    definitions: dict[str, Any] = whole.pop("$defs")
    for model in MODELS.values():
        definitions[model.__name__] = _with_other_words(definitions[model.__name__])
    actions = whole["properties"]["actions"]["additionalProperties"]
    actions["anyOf"] = actions.pop("oneOf")
    actions.pop("discriminator")
    whole["properties"]["version"] = {"const": 2, "description": described(Head, "version")}
    whole["patternProperties"] = {"^ *sample(?!s$)": {"type": "string"}}
    whole["required"] = ["version", "title", "prompt"]
    first: dict[str, Any] = {
        "type": "object",
        "properties": {
            name: {"description": field.description}
            for name, field in Manifest.model_fields.items()
            if name != "version"
        },
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Manifest",
        "description": "One agent; without `version: 2`, one of SlashGPT's.",
        "if": {"properties": {"version": {"const": 2}}, "required": ["version"]},
        "then": {"$ref": "#/$defs/Version2"},
        "else": {"$ref": "#/$defs/Version1"},
        "$defs": {"Version1": first, "Version2": whole, **definitions},
    }


def page() -> str:
    """The reference page."""
    return "\n".join([OPENING, *_keys(), *sections(PARTS), *_kinds(), *_codes(), ""])


def main() -> int:
    """Write both files."""
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    PAGE_FILE.write_text(page(), encoding="utf-8")
    return 0


def schema_text() -> str:
    """The schema as its file holds it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _with_other_words(definition: dict[str, Any]) -> dict[str, Any]:
    """An action's schema that takes SlashGPT's words too."""
    properties = dict(definition["properties"])
    required = [name for name in definition["required"] if name not in ACTION_WORDS.values()]
    either = []
    for other, ours in ACTION_WORDS.items():
        if ours in properties and not (ours == "method" and "url" in properties):
            properties[other] = properties[ours]
            if ours in definition["required"]:
                either.append({"anyOf": [{"required": [ours]}, {"required": [other]}]})
    if definition["title"] == "Graphql":
        for word in ("kind", "type"):
            properties[word] = {"enum": ["graphql", "graphQL"], "type": "string"}
    return {**definition, "properties": properties, "required": required, "allOf": either}


def _keys() -> Iterator[str]:
    yield "## Keys"
    yield ""
    yield from table(Manifest)


def _kinds() -> Iterator[str]:
    yield "## `actions`"
    yield ""
    yield "By function name: the kind, and what the kind takes. Every action may say `in_order: true`:"
    yield "other calls of the same answer then wait until it is done."
    yield ""
    for kind, model in MODELS.items():
        yield f"### `kind: {kind}`"
        yield ""
        yield f"{model.__doc__}"
        yield ""
        own = [name for name in model.model_fields if name not in ("kind", "in_order")]
        if own:
            yield from table(model, own)


def _codes() -> Iterator[str]:
    for title, codes in (("Errors", ERRORS), ("Warnings", WARNINGS)):
        yield f"## {title}"
        yield ""
        yield "| code | what it means |"
        yield "| --- | --- |"
        for code, meaning in codes.items():
            yield f"| `{code}` | {meaning} |"
        yield ""


if __name__ == "__main__":
    sys.exit(main())
