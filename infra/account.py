"""The account that a deploy goes to: known from the credentials, and compared with the operator's page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.page import NAME, Page

CREDENTIALS_ACCOUNT = "CDK_DEFAULT_ACCOUNT"
"""What the CDK's command line tells its apps of the credentials it found; absent where it found none."""
EMULATOR = "AWS_ENDPOINT_URL"
_ALIAS = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class WrongAccount(Exception):
    """Credentials and page do not belong together; the message is one line for the operator."""


@dataclass(frozen=True, slots=True)
class Account:
    """An AWS account by its id and, where it has one that can be read, its alias."""

    id: str
    alias: str = ""

    @property
    def shown(self) -> str:
        """`payments-test (123456789012)`, or the id alone."""
        return f"{self.alias} ({self.id})" if self.alias else self.id


def check_account(page: Page, account: str, environment: Mapping[str, str]) -> None:
    """Whether a stack of this page may be deployed into or destroyed in this account; raises `WrongAccount`."""
    if page.account and page.account != account:
        raise WrongAccount(
            f"{NAME} is for the account {page.account}, and your credentials are of {account}: use the other "
            "credentials or the other page."
        )
    if page.stage == "prod" and not page.account:
        raise WrongAccount(
            f"{NAME} must name the account of stage prod: if {account} is meant, "
            f'write account: "{account}".'
        )
    if page.stage == "local" and not environment.get(EMULATOR):
        raise WrongAccount(
            f"{NAME} says stage local, which is for make local alone: write dev or prod."
        )


def account_of(session: Any, account: str) -> Account:
    """The account with its alias, where these credentials are of it and may read it."""
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    once = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 1})
    try:
        if session.client("sts", config=once).get_caller_identity()["Account"] != account:
            return Account(account)
        aliases = session.client("iam", config=once).list_account_aliases()["AccountAliases"]
    except (BotoCoreError, ClientError):
        return Account(account)
    return Account(account, next((one for one in aliases if _ALIAS.fullmatch(one)), ""))
