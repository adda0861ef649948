"""One part of a manifest checked by its model, so that every part's mistakes are told at once."""

import json
from typing import Any, TypeVar

from pydantic import ValidationError

from infra.manifests.part import Part
from infra.manifests.problems import Findings, Key

One = TypeVar("One", bound=Part)
CODES = {"extra_forbidden": "unknown_key", "missing": "missing_key"}
"""Our codes for what pydantic finds; anything else is `bad_value`, or a validator's own."""
SENTENCES = {"extra_forbidden": "there is no such key", "missing": "it is missing"}


def checked(model: type[One], value: Any, key: Key, findings: Findings) -> One | None:
    """The part as a type; None where the findings say why not."""
    try:
        return model.model_validate_json(json.dumps(value))
    except ValidationError as error:
        for found in error.errors(include_url=False, include_input=False):
            kind = found["type"]
            own = found.get("ctx", {}).get("message") == found["msg"]
            code = kind if own else CODES.get(kind, "bad_value")
            message = SENTENCES.get(kind) or found["msg"]
            findings.refuse(code, (*key, *_place(value, found["loc"], kind)), message)
        return None


def _place(value: Any, location: Key, kind: str) -> Key:
    """Where it stands in what was written, without the names of the models that were tried."""
    place: Key = ()
    for index, part in enumerate(location):
        is_missing = kind == "missing" and index == len(location) - 1
        if isinstance(value, dict) and (part in value or is_missing):
            value = value.get(str(part))
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            continue
        place = (*place, part)
    return place
