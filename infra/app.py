"""The CDK app: reads the operator's page, compiles the agents, composes the stack."""

import json
import os
import sys
from pathlib import Path

from aws_cdk import App

from infra.agents import BadManifest, Compiled, agents_of, modules_named, read_folder, serialized
from infra.code_files import code_files
from infra.interpreter import NoInterpreter, Target, host_target, lambda_target
from infra.packages import Packages
from infra.page import NAME, ROOT, BadPage, Page, agents_directory, read_page
from infra.stack import Countersign
from infra.stage import stage_of

LOCAL_PYTHON = str(ROOT / ".venv-emulator" / "bin" / "python")


def build(app: App) -> Countersign:
    """The stack that the context asks for: `home` is the directory of the operator's page, and `agents`
    that of the manifests where they are not in it."""
    home = Path(app.node.try_get_context("home") or ROOT)
    page = read_page(home, os.environ)
    folder = Path(app.node.try_get_context("agents") or agents_directory(home))
    verdicts = read_folder(folder, aliases=page.model.aliases)
    agents = agents_of(verdicts)
    for warning in (warning for verdict in verdicts for warning in verdict.warnings):
        print(f"warning: {warning}", file=sys.stderr)
    check_modules(page, agents)
    target = target_of(page, app.node.try_get_context("local_python") or LOCAL_PYTHON)
    return Countersign(
        app,
        page=page,
        agents=agents,
        packages=Packages(
            target=target, agents=serialized(agents), code_files=code_files(verdicts)
        ),
    )


def check_modules(page: Page, agents: Compiled) -> None:
    """Only Python that the operator has read is deployed; raises `BadPage` with the line to write."""
    named = modules_named(agents)
    read = page.sandbox.modules
    unread = [file for file, sha256 in named.items() if read.get(file) != sha256]
    if unread:
        line = json.dumps({"modules": named}, ensure_ascii=False)[1:-1]
        raise BadPage(
            f"{NAME}: {', '.join(unread)} is new or changed, and Python is deployed only as you have read it; "
            f"when you have, write under sandbox the line: {line}"
        )


def target_of(page: Page, local_python: str) -> Target:
    """What the zips are made for."""
    if stage_of(page.stage).compiles_for_lambda:
        return lambda_target(os.environ)
    return host_target(local_python)


def main() -> str | None:
    """Synthesize; a mistake of the operator is one line."""
    app = App()
    try:
        build(app)
    except (BadPage, BadManifest, NoInterpreter) as error:
        return str(error)
    app.synth()
    return None


if __name__ == "__main__":
    sys.exit(main())
