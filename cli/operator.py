"""What operators' commands work with: the page of their home, their AWS credentials, the deployed stack's outputs."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.terminal.failures import CommandFailed

if TYPE_CHECKING:
    from infra.page import Page

HomeDirectory = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="DIR",
        help="The directory of countersign.yaml; by default this one if it has one, else the product's own.",
    ),
]


class CannotOperate(CommandFailed):
    """The command cannot be carried out here; the message is one sentence that says what to do."""

    code = "cannot_operate"


@dataclass(frozen=True, slots=True)
class Deployment:
    """One stack in one account, as its operator reaches it."""

    page: "Page"
    home: Path
    account: str
    outputs: Mapping[str, str]
    session: Any

    def client(self, service: str) -> Any:
        """A client with the operator's own credentials, in the stack's region."""
        return self.session.client(service)

    def output(self, name: str) -> str:
        """One of the stack's outputs; raises `CannotOperate` where the deployed release has none of that name."""
        if name not in self.outputs:
            raise CannotOperate(
                f"The stack {self.page.stack} has no output {name}: deploy this release first (make deploy)."
            )
        return self.outputs[name]


def home_of(chosen: Path | None) -> Path:
    """The directory of the operator's page."""
    from infra.page import NAME, ROOT

    if chosen is not None:
        return chosen.resolve()
    here = Path.cwd()
    return here if (here / NAME).exists() else ROOT


def page_of(home: Path) -> "Page":
    """The operator's page; raises `CannotOperate` with what is wrong with it."""
    from infra.page import BadPage, read_page

    try:
        return read_page(home, os.environ)
    except BadPage as error:
        raise CannotOperate(str(error)) from error


def deployment_of(chosen: Path | None) -> Deployment:
    """The stack of the page, in the account of the credentials; raises `CannotOperate`."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    from functions.shared.aws import error_code
    from infra.page import NAME

    home = home_of(chosen)
    page = page_of(home)
    session: Any = boto3.Session(region_name=page.region)
    try:
        account = str(session.client("sts").get_caller_identity()["Account"])
    except (BotoCoreError, ClientError) as error:
        raise CannotOperate(
            f"AWS takes no credentials of yours ({error_code(error)}): sign in, for instance with aws sso login."
        ) from error
    if page.account and page.account != account:
        raise CannotOperate(
            f"{NAME} is for the account {page.account}, and your credentials are of {account}."
        )
    try:
        [stack] = session.client("cloudformation").describe_stacks(StackName=page.stack)["Stacks"]
    except (BotoCoreError, ClientError) as error:
        raise CannotOperate(
            f"The stack {page.stack} is not to be seen in {account}, {page.region} ({error_code(error)}): "
            "deploy it first (make deploy)."
        ) from error
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
    return Deployment(page, home, account, outputs, session)
