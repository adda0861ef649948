"""The border between a room and the state machine: what may be repeated has one name there."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from functions.shared.aws import error_code, will_pass
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.observe import logger

Handler = Callable[[Mapping[str, Any], Any], Any]


def repeatable(handler: Handler) -> Handler:
    """A handler whose AWS errors of the moment leave as `TemporarilyUnavailable`, which the state machine retries.

    Every room behind it re-reads its record first, so that repeating a state is safe.
    """

    @wraps(handler)
    def guarded(event: Mapping[str, Any], context: Any) -> Any:
        try:
            return handler(event, context)
        except Exception as error:
            if not will_pass(error):
                raise
            logger.warning("AWS gave no answer to work with", code=error_code(error))
            raise TemporarilyUnavailable(error_code(error)) from error

    return guarded
