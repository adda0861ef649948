"""The CDK app: reads the operator's page, compiles the agents, composes the stack."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from aws_cdk import App

from infra.account import CREDENTIALS_ACCOUNT, WrongAccount, account_of, check_account
from infra.agents import BadManifest, Compiled, agents_of, modules_named, read_folder, serialized
from infra.announcement import announcement
from infra.code_files import code_files
from infra.interpreter import NoInterpreter, Target, host_target, lambda_target, unmade_target
from infra.packages import Packages
from infra.page import NAME, ROOT, BadPage, Page, agents_directory, read_page
from infra.stack import Countersign
from infra.stage import stage_of
from infra.template import BUNDLED, read_template

LOCAL_PYTHON = str(ROOT / ".venv-emulator" / "bin" / "python")


def home_of(app: App) -> Path:
    """The directory of the operator's page, as the context `home` names it."""
    return Path(app.node.try_get_context("home") or ROOT)


def page_of(app: App) -> Page:
    """The operator's page, where the credentials, if there are any, are of its account.

    Raises `BadPage` or `WrongAccount`.
    """
    page = read_page(home_of(app), os.environ)
    account = os.environ.get(CREDENTIALS_ACCOUNT)
    if account:
        check_account(page, account, os.environ)
    return page


def build(app: App, page: Page) -> Countersign:
    """The stack of the page; the context `agents` names the manifests where they are not beside it."""
    home = home_of(app)
    folder = Path(app.node.try_get_context("agents") or agents_directory(home))
    verdicts = read_folder(folder, aliases=page.model.aliases)
    agents = agents_of(verdicts)
    for warning in (warning for verdict in verdicts for warning in verdict.warnings):
        print(f"warning: {warning}", file=sys.stderr)
    check_modules(page, agents)
    if app.node.try_get_context(BUNDLED) == []:
        target = unmade_target()
    else:
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


def announce(page: Page, directory: str) -> None:
    """Say on standard error where a deploy goes and what it costs; without credentials there is none."""
    account = os.environ.get(CREDENTIALS_ACCOUNT)
    if not account:
        return
    import boto3

    template = read_template(Path(directory), page.stack)
    session: Any = boto3.Session(region_name=page.region)
    lines = announcement(page, account_of(session, account), template)
    print("\n".join(lines), file=sys.stderr)


def main() -> str | None:
    """Synthesize; a mistake of the operator is one line."""
    app = App()
    try:
        page = page_of(app)
        build(app, page)
    except (BadPage, BadManifest, NoInterpreter, WrongAccount) as error:
        return str(error)
    announce(page, app.synth().directory)
    return None


if __name__ == "__main__":
    sys.exit(main())
