"""The model's key: read from the terminal or standard input, put into its secret, tried once, taken back if refused."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cli.model.check import CheckedModel, check_model
from cli.operator import CannotOperate, Deployment
from cli.terminal.failures import USAGE, CommandFailed

KEY_CHARACTERS = 4096
REFUSED = "model_unauthorized"
CURRENT = "AWSCURRENT"


class NotAKey(CommandFailed):
    """What was typed or piped cannot be a key."""

    code = "not_a_key"
    status = USAGE


@dataclass(frozen=True, slots=True)
class KeySet:
    """What became of a new key."""

    models: tuple[CheckedModel, ...]
    is_taken_back: bool
    """Whether the service refused it, and the key before is in place again."""


def read_key() -> str:
    """A key that is typed is not shown; one that is piped ends with its line. Raises `NotAKey`."""
    import getpass

    if not sys.stdin.isatty():
        return checked_key(sys.stdin.read(KEY_CHARACTERS + 2))
    try:
        return checked_key(getpass.getpass("The key (it is not shown): "))
    except EOFError:
        return checked_key("")


def checked_key(typed: str) -> str:
    """The key without what surrounds it; raises `NotAKey`, and never repeats it."""
    key = typed.strip()
    if not key:
        raise NotAKey("No key was given; nothing was changed.")
    if len(key) > KEY_CHARACTERS or not key.isascii() or not key.isprintable() or " " in key:
        raise NotAKey(
            f"This is no key: one line of at most {KEY_CHARACTERS} letters, digits and signs is expected; "
            "nothing was changed."
        )
    return key


def secret_of(deployment: Deployment) -> str:
    """The secret that the chat reads; raises `CannotOperate` where the deployment has none."""
    if deployment.page.model.provider == "bedrock":
        raise CannotOperate(
            "Bedrock asks for no key: the chat signs with its own role; see: countersign model check"
        )
    return deployment.output("ModelSecretArn")


def set_key(deployment: Deployment, key: str, tell: Callable[[str], None]) -> KeySet:
    """Store the key and ask the deployed chat to use it; raises `CannotOperate`."""
    from botocore.exceptions import BotoCoreError, ClientError

    from functions.shared.aws import error_code

    secret = secret_of(deployment)
    secrets = deployment.client("secretsmanager")
    try:
        before = _current(secrets, secret)
        stored = secrets.put_secret_value(SecretId=secret, SecretString=key)["VersionId"]
        tell("The key is stored; the chat tries it.")
        models = check_model(deployment)
        is_refused = models[0].code == REFUSED
        if is_refused and before:
            secrets.update_secret_version_stage(
                SecretId=secret,
                VersionStage=CURRENT,
                MoveToVersionId=before,
                RemoveFromVersionId=stored,
            )
    except (BotoCoreError, ClientError) as error:
        raise CannotOperate(
            f"The secret cannot be changed ({error_code(error)}): your credentials need "
            "secretsmanager:DescribeSecret, PutSecretValue and UpdateSecretVersionStage on it, and the stack's KMS key."
        ) from error
    return KeySet(models, is_taken_back=is_refused and bool(before))


def _current(secrets: Any, secret: str) -> str:
    """The version that is read now; empty where the secret has no value yet."""
    versions = secrets.describe_secret(SecretId=secret).get("VersionIdsToStages", {})
    return next((version for version, stages in versions.items() if CURRENT in stages), "")
