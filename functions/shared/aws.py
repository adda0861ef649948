"""AWS clients with time-outs that fit a turn; made on first use, never at import."""

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

_CONFIG = Config(
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
)


@cache
def client(service: str) -> Any:
    """One client per service and process; endpoints and region come from the environment, as the SDK reads it."""
    make: Any = boto3.client
    return make(service, config=_CONFIG)


def error_code(error: Exception) -> str:
    """The `Code` of a botocore ClientError; the class's name of an error that brought no answer."""
    response: dict[str, Any] = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", "")) or type(error).__name__
