"""What the model's service is shown: the stored key, or a token that the Lambda's own role signs for Bedrock."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

from functions.chat.model import ModelKeyMissing
from functions.shared.aws import client
from functions.shared.observe import logger
from functions.shared.settings import ChatSettings

KEY_SECONDS = 300
"""How long a stored key is used before it is read again."""
TOKEN_SECONDS = 900
RENEWED_AFTER_SECONDS = 600
"""A token outlives its last use by more than the longest turn."""

ReadKey = Callable[[bool], str]
"""Gives the key, from its source itself when asked for a fresh one; raises `ModelKeyMissing`."""


def key_of(settings: ChatSettings) -> ReadKey:
    """What this deployment's model asks for."""
    if settings.model_secret_arn:
        return stored_key(settings.model_secret_arn)
    return BedrockToken(settings.model_region)


def stored_key(secret_arn: str) -> ReadKey:
    """The key from Secrets Manager: cached for five minutes, read again when the service refuses it."""

    def read(fresh: bool) -> str:
        from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

        try:
            found = _secrets().get(secret_arn, max_age=KEY_SECONDS, force_fetch=fresh)
        except GetParameterError as error:
            raise ModelKeyMissing from error
        key = str(found).strip()
        if not key:
            raise ModelKeyMissing
        return key

    return read


class BedrockToken:
    """A short-term token of the role's credentials, signed here without a request and renewed before it ends."""

    def __init__(
        self,
        region: str,
        *,
        sign: Callable[[str], str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._region = region
        self._sign = sign or _signed
        self._clock = clock
        self._token = ""
        self._signed_at = 0.0

    def __call__(self, fresh: bool) -> str:
        now = self._clock()
        if fresh or not self._token or now - self._signed_at >= RENEWED_AFTER_SECONDS:
            self._token, self._signed_at = self._sign(self._region), now
        return self._token


def _signed(region: str) -> str:
    from aws_bedrock_token_generator import provide_token
    from botocore.exceptions import BotoCoreError

    try:
        return str(provide_token(region=region, expiry=timedelta(seconds=TOKEN_SECONDS)))
    except (BotoCoreError, RuntimeError) as error:
        logger.error("the model's token could not be signed", error=type(error).__name__)
        raise ModelKeyMissing from error


@cache
def _secrets() -> Any:
    from aws_lambda_powertools.utilities.parameters import SecretsProvider

    return SecretsProvider(boto3_client=client("secretsmanager"))
