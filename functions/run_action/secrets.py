"""Secrets by their names: read from Secrets Manager when used, each for one host alone."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from functions.run_action.failure import ActionFailed
from functions.shared.aws import error_code
from functions.shared.observe import logger

KEPT_SECONDS = 60.0
NO_VALUE = frozenset({"ResourceNotFoundException", "InvalidRequestException"})
"""What Secrets Manager says of a secret that has no value, or is not there."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A value with its name; the value is in no representation."""

    name: str
    value: str = field(repr=False)


class Secrets(Protocol):
    def read(self, name: str, host: str) -> Secret:
        """The secret of this name for requests to this host; raises `ActionFailed`."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the operator's page: where a secret lies, and the one host that may see it."""

    host: str
    arn: str


def places_of(text: str) -> dict[str, Place]:
    """The table as the settings hold it."""
    return {name: Place(**line) for name, line in json.loads(text).items()}


class StoredSecrets:
    """What was read is kept for a minute, so that a new value is soon seen."""

    def __init__(
        self,
        client: Callable[[], Any],
        places: Mapping[str, Place],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._places = places
        self._clock = clock
        self._kept: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def read(self, name: str, host: str) -> Secret:
        place = self._places.get(name)
        if place is None:
            raise missing(name)
        if place.host != host:
            raise for_another_host(name)
        with self._lock:
            until, value = self._kept.get(place.arn, (0.0, ""))
            if not value or self._clock() >= until:
                value = self._read(name, place.arn)
                self._kept[place.arn] = (self._clock() + KEPT_SECONDS, value)
        return Secret(name, value)

    def _read(self, name: str, arn: str) -> str:
        try:
            value = str(self._client().get_secret_value(SecretId=arn).get("SecretString", ""))
        except ClientError as error:
            if error_code(error) in NO_VALUE:
                raise missing(name) from error
            raise _unreadable(name, error) from error
        except BotoCoreError as error:
            raise _unreadable(name, error) from error
        if not value.strip():
            raise missing(name)
        return value.strip()


def missing(name: str) -> ActionFailed:
    """The operator has not stored this secret."""
    return ActionFailed(
        "secret_missing",
        f"The operator has stored no value for the secret {name}; nothing was sent.",
    )


def for_another_host(name: str) -> ActionFailed:
    """The secret belongs to another host than the one this action calls."""
    return ActionFailed(
        "secret_for_another_host",
        f"The secret {name} is for another host than this function's; nothing was sent.",
    )


def _unreadable(name: str, error: Exception) -> ActionFailed:
    logger.warning("a secret could not be read", secret=name, code=error_code(error))
    return ActionFailed(
        "secret_unreadable", f"The secret {name} cannot be read now; nothing was sent."
    )
