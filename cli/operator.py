"""What operators' commands work with: the page of their home, their AWS credentials, the deployed stack's outputs."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.terminal.entry import Chosen, ended
from cli.terminal.failures import CommandFailed
from cli.terminal.screen import Screen

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


def operated(run: Callable[[Screen], int], *, as_json: bool) -> None:
    """Run an operator's command to its exit status; an error of AWS that none foresaw is one sentence too."""

    def in_words(screen: Screen) -> int:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return run(screen)
        except ClientError as error:
            said = error.response.get("Error", {})
            raise CannotOperate(
                f"AWS refused {error.operation_name}: {said.get('Code')}: {said.get('Message')} "
                "What was done before stands; the command may be given again."
            ) from error
        except BotoCoreError as error:
            raise CannotOperate(f"AWS gave no answer ({error}); give the command again.") from error

    ended(Chosen(as_json=as_json), in_words)


def home_of(chosen: Path | None) -> Path:
    """The directory of the operator's page."""
    from infra.page import NAME, ROOT

    if chosen is not None:
        return chosen.resolve()
    here = Path.cwd()
    if (here / NAME).exists():
        return here
    if not (ROOT / NAME).exists():
        typer.echo(
            f"With the product's own example page: there is no {NAME} here, and no --home.",
            err=True,
        )
    return ROOT


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
    from infra.account import WrongAccount, check_account

    home = home_of(chosen)
    page = page_of(home)
    session: Any = boto3.Session(region_name=page.region)
    try:
        account = str(session.client("sts").get_caller_identity()["Account"])
    except (BotoCoreError, ClientError) as error:
        raise CannotOperate(
            f"AWS takes no credentials of yours ({error_code(error)}): sign in, for instance with aws sso login."
        ) from error
    try:
        check_account(page, account, os.environ)
    except WrongAccount as error:
        raise CannotOperate(str(error)) from error
    try:
        [stack] = session.client("cloudformation").describe_stacks(StackName=page.stack)["Stacks"]
    except (BotoCoreError, ClientError) as error:
        raise CannotOperate(
            f"The stack {page.stack} is not to be seen in {account}, {page.region} ({error_code(error)}): "
            "deploy it first (make deploy)."
        ) from error
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
    return Deployment(page, home, account, outputs, session)
