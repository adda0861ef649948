"""Writes docs/permissions.md from the template.   python -m infra.permissions_page"""

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from infra import permissions_places
from infra.agents import compile_agents
from infra.page import ROOT, Page
from infra.permissions import execution, place_of
from infra.permissions_files import files_of
from infra.permissions_operator import COMMANDS
from infra.permissions_places import On, Place
from infra.permissions_words import WORDS
from infra.template import template_of

FILE = ROOT / "docs" / "permissions.md"
SHOWN: Mapping[str, Any] = {
    "stack": "Production",
    "stage": "prod",
    "launch": "live",
    "region": "eu-west-1",
    "account": "123456789012",
    "model": {"name": "a-model"},
    "alarm_email": "operator@example.com",
    "mail": {"recipients": ["bob@example.com", "carol@example.com"]},
}
"""The operator's page whose policies are shown."""


def synthesize(directory: Path) -> Mapping[str, Any]:
    """The template of the page that is shown, without zips."""
    return template_of(Page.model_validate(SHOWN), compile_agents(ROOT / "agents"), directory)


def page(template: Mapping[str, Any]) -> str:
    """The whole of docs/permissions.md."""
    place = place_of(
        template, stack=SHOWN["stack"], account=SHOWN["account"], region=SHOWN["region"]
    )
    executing = len(execution(template, place))
    policies = [
        f"arn:aws:iam::{place.account}:policy/countersign-execution-{number}"
        for number in range(1, executing + 1)
    ]
    return WORDS.format(
        stack=place.stack,
        account=place.account,
        region=place.region,
        executing=executing,
        create="\n".join(
            f"aws iam create-policy --policy-name countersign-execution-{number} "
            f"--policy-document file://build/permissions/{place.stack}/execution-{number}.json"
            for number in range(1, executing + 1)
        ),
        policies=",".join(policies),
        commands="\n".join(_commands()),
        wide="\n".join(_wide(template, place)),
        documents="\n".join(_documents(template, place)),
    )


def _commands() -> Iterator[str]:
    for word, rights in COMMANDS.items():
        actions = sorted(
            prefix + action
            for _, text in rights
            for prefix, *named in [text.split()]
            for action in named
        )
        yield f"| {word if ' ' in word else f'`countersign {word}`'} | {', '.join(dict.fromkeys(actions))} |"


def _wide(template: Mapping[str, Any], place: Place) -> Iterator[str]:
    kinds = {one.sid: one for one in vars(permissions_places).values() if isinstance(one, On)}
    for document in execution(template, place):
        for statement in document["Statement"]:
            kind = kinds.get(statement["Sid"])
            if kind is not None and kind.reason:
                yield f"- `{kind.sid}`: {kind.reason}"


def _documents(template: Mapping[str, Any], place: Place) -> Iterator[str]:
    for name, document in files_of(template, place):
        yield f"### {name}\n\n```json\n{json.dumps(document, indent=2)}\n```\n"


def main() -> int:
    with tempfile.TemporaryDirectory() as directory:
        FILE.write_text(page(synthesize(Path(directory))), encoding="utf-8")
    print(FILE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
