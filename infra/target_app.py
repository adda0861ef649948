"""The CDK app of the second stack: `-c target=NAME` names the line of the page whose account it is deployed into,
or one of the line's places, as people who use them are told their names."""

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
    said = app.node.try_get_context("target") or ""
    if not said:
        raise BadPage("Say which target: -c target=NAME, a line under targets of countersign.yaml.")
    line = {place.name: place.target for place in page.places}.get(said, str(said))
    return CountersignTarget(app, page=page, agents=agents, target=line)


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
