"""The template of a page, made without zips."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import App

from infra.agents import Compiled, serialized
from infra.interpreter import unmade_target
from infra.packages import Packages
from infra.page import ROOT, Page
from infra.stack import Countersign

BUNDLED = "aws:cdk:bundling-stacks"
"""The stacks whose zips are made: the CDK's command line names none for `bootstrap`, `list` or `destroy`."""


def context_without_zips() -> dict[str, Any]:
    """The project's context, in which no stack has its zips made."""
    context = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return {**context, BUNDLED: []}


def template_of(page: Page, agents: Compiled, directory: Path) -> Mapping[str, Any]:
    """The template of a page and its agents; the directory takes the CDK's files."""
    app = App(outdir=str(directory), context=context_without_zips())
    packages = Packages(target=unmade_target(), agents=serialized(agents))
    Countersign(app, page=page, agents=agents, packages=packages)
    app.synth()
    return read_template(directory, page.stack)


def read_template(directory: Path, stack: str) -> Mapping[str, Any]:
    """The template of a stack where the CDK wrote it."""
    text = (directory / f"{stack}.template.json").read_text(encoding="utf-8")
    template: Mapping[str, Any] = json.loads(text)
    return template
