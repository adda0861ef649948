"""AWS clients with time-outs that fit a turn; made on first use, never at import."""

import random
import time
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

BUSY_TRIES = 5
_BUSY = frozenset({"None", "TransactionConflict"})
_random = random.SystemRandom()
Sent = TypeVar("Sent")

PATIENT = Config(
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
)


@cache
def client(service: str, region: str | None = None) -> Any:
    """One client per service and process; what is not named here comes from the environment, as the SDK reads it."""
    make: Any = boto3.client
    return make(service, region_name=region, config=PATIENT)


def error_code(error: Exception) -> str:
    """The `Code` of a botocore ClientError; the class's name of an error that brought no answer."""
    response: dict[str, Any] = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", "")) or type(error).__name__


def while_busy(send: Callable[[], Sent]) -> Sent:
    """Send one DynamoDB write; an item that a transaction holds just now is waited for, no condition is tried twice."""
    for attempt in range(1, BUSY_TRIES):
        try:
            return send()
        except ClientError as error:
            if not _is_busy(error):
                raise
            time.sleep(_random.uniform(0.01, 0.05 * 2**attempt))
    return send()


def _is_busy(error: ClientError) -> bool:
    """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html"""
    if error_code(error) == "TransactionConflictException":
        return True
    reasons: Any = error.response.get("CancellationReasons") or ()
    return bool(reasons) and {reason.get("Code", "None") for reason in reasons} <= _BUSY


PASSING = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
TOO_MANY = 429


def will_pass(error: Exception) -> bool:
    """Whether an AWS error is one of the moment, so that asking again later may help: busy, broken, not reached."""
    if isinstance(error, HTTPClientError | NoConnection):
        return True
    if not isinstance(error, ClientError):
        return False
    code = error_code(error)
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    is_busy = "Throttl" in code or code.startswith("TooManyRequests") or code in PASSING
    return is_busy or status == TOO_MANY or status >= 500
