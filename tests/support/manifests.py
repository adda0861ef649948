"""A folder of manifests for one test, and what became of them."""

import json
from pathlib import Path

import yaml

from infra.manifests.codes import ERRORS, WARNINGS
from infra.manifests.compile import Verdict, compile_manifest

OBJECT = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
GREET = {"name": "greet", "description": "Greet somebody.", "parameters": OBJECT}


class Author:
    """Writes manifests and the files that they name into one home, and has them judged."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.agents = home / "agents"
        self.agents.mkdir()

    def file(self, name: str, content: str | bytes | dict | list) -> Path:
        """A file of the home; mappings are written by the language of the name."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        elif path.suffix == ".json":
            path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        else:
            path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
        return path

    def verdict(self, content: object, name: str = "one.yaml", **more: object) -> Verdict:
        """What became of one manifest of the folder agents/."""
        verdict = compile_manifest(self.file(f"agents/{name}", content), **more)
        assert set(codes(verdict)) <= set(ERRORS)
        assert set(warned(verdict)) <= {*ERRORS, *WARNINGS}
        return verdict

    def ours(self, name: str = "one.yaml", **members: object) -> Verdict:
        """A manifest of version 2 with these members."""
        head = {"version": 2, "title": "One", "prompt": "Be one."}
        return self.verdict({**head, **members}, name)

    def slashgpt(self, name: str = "one.json", **members: object) -> Verdict:
        """A manifest of version 1 with these members."""
        return self.verdict({"title": "One", "prompt": ["Be one."], **members}, name)


def codes(verdict: Verdict) -> list[str]:
    """The codes of what forbids it."""
    return [problem.code for problem in verdict.problems]


def warned(verdict: Verdict) -> list[str]:
    """The codes of what its author should know."""
    return [warning.code for warning in verdict.warnings]


def acting(kind: str, function: dict | None = None, **members: object) -> dict:
    """The members of a manifest with one function and its action."""
    declared = function or GREET
    return {"functions": [declared], "actions": {declared["name"]: {"kind": kind, **members}}}
