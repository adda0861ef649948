"""The rights that AWS lists for the handlers of each resource type, as cfn-lint carries them."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import cfnlint

SCHEMAS = Path(cfnlint.__file__).parent / "data" / "schemas"
HANDLERS = ("create", "read", "update", "delete")


@cache
def listed_rights(kind: str) -> frozenset[str]:
    """What the handlers of a type may call; empty where AWS lists nothing."""
    if kind not in _files():
        return frozenset()
    file = SCHEMAS / "resources" / f"{_files()[kind]}.json"
    handlers = json.loads(file.read_text(encoding="utf-8")).get("handlers", {})
    return frozenset(_of(handlers))


@cache
def _files() -> dict[str, str]:
    return json.loads((SCHEMAS / "providers" / "us-east-1.json").read_text(encoding="utf-8"))


def _of(handlers: dict) -> Iterator[str]:
    for name in HANDLERS:
        yield from handlers.get(name, {}).get("permissions", [])
