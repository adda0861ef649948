"""The CDK app of the second stack: `-c target=NAME` names the line of the page whose account it is deployed into."""

import os
import sys
from pathlib import Path

from aws_cdk import App

from infra.agents import BadManifest, agents_of, read_folder
from infra.app import home_of
from infra.page import BadPage, agents_directory, read_page
from infra.target_stack import CountersignTarget


def build(app: App) -> CountersignTarget:
    """The stack for the target that the context names; raises `BadPage` or `BadManifest`."""
    home = home_of(app)
    page = read_page(home, os.environ)
    folder = Path(app.node.try_get_context("agents") or agents_directory(home))
    agents = agents_of(read_folder(folder, aliases=page.model.aliases))
    target = app.node.try_get_context("target") or ""
    if not target:
        raise BadPage("Say which target: -c target=NAME, a line under targets of countersign.yaml.")
    return CountersignTarget(app, page=page, agents=agents, target=str(target))


def main() -> str | None:
    """Synthesize; a mistake of the operator is one line."""
    app = App()
    try:
        build(app)
    except (BadPage, BadManifest) as error:
        return str(error)
    app.synth()
    return None


if __name__ == "__main__":
    sys.exit(main())
