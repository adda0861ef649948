"""Refusals: each has one sentence for the person who caused it, a stable code and a status.

ProductError
├── BadRequest            400  the request cannot be read
├── NotAllowed            403  signed in, but not entitled
├── NotFound              404  unknown, or another person's: the same answer
├── Conflict              409  the state it needs is gone
├── Gone                  410  too late
├── TooLarge              413  over a size limit
├── WrongMediaType        415  not JSON, or what else is taken there
├── Unprocessable         422  readable, but contradicts an earlier request
├── TooMany               429  a budget is used
└── Unavailable           503  try again later

A room's own refusals subclass these beside the code that raises them.
"""

from collections.abc import Mapping
from http import HTTPStatus


class ProductError(Exception):
    """A refusal with a message made for the person who asked; RFC 9457 over HTTP."""

    status: HTTPStatus = HTTPStatus.BAD_REQUEST
    code: str = "bad_request"

    def __init__(
        self,
        message: str,
        *,
        extra: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.extra: Mapping[str, object] = extra or {}
        self.headers: Mapping[str, str] = headers or {}


class BadRequest(ProductError):
    pass


class NotAllowed(ProductError):
    status = HTTPStatus.FORBIDDEN
    code = "not_allowed"


class NotFound(ProductError):
    status = HTTPStatus.NOT_FOUND
    code = "not_found"

    def __init__(self, message: str = "There is nothing here for you.") -> None:
        super().__init__(message)


class Conflict(ProductError):
    status = HTTPStatus.CONFLICT
    code = "conflict"


class Gone(ProductError):
    status = HTTPStatus.GONE
    code = "gone"


class TooLarge(ProductError):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too_large"


class WrongMediaType(ProductError):
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "wrong_media_type"

    def __init__(self, message: str = "Send the request as application/json.") -> None:
        super().__init__(message)


class Unprocessable(ProductError):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "unprocessable"


class TooMany(ProductError):
    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many"


class Unavailable(ProductError):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "unavailable"


class TemporarilyUnavailable(Exception):
    """Worth another try by name: the state machine retries exactly this one."""
