"""API Gateway's HTTP API in and out: one request type, one answer type, errors as problem+json.

The gateway has matched the route already (payload version 2.0, `routeKey`), so a room's routes are a plain dict.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from functions.shared.errors import (
    BadRequest,
    NotAllowed,
    NotFound,
    ProductError,
    TemporarilyUnavailable,
    TooLarge,
    Unavailable,
    WrongMediaType,
)
from functions.shared.front import admit
from functions.shared.identifiers import is_id
from functions.shared.observe import begin, logger
from functions.shared.strict_json import unique

BODY_BYTES = 256 * 1024
"""Room for a message of 32 KB however a client escapes it: up to six characters for a byte."""
SAFE_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is signed in, by an access token that the gateway's authorizer has verified."""

    sub: str
    groups: frozenset[str]
    client_id: str
    auth_time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    path: str
    path_parameters: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case; repeated headers joined by commas, as the gateway does."""
    cookies: tuple[str, ...]
    body: bytes
    caller: Caller | None
    request_id: str
    source_ip: str
    milliseconds_left: Callable[[], int]

    def signed_in(self) -> Caller:
        """The caller of a route behind the authorizer."""
        if self.caller is None:
            raise RuntimeError("this route has no authorizer")
        return self.caller


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: str | bytes = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()


Route = Callable[[Request], Response]


class Body(BaseModel):
    """A request body: unknown fields are refused, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


BodyType = TypeVar("BodyType", bound=Body)


class WrongToken(ProductError):
    status = HTTPStatus.UNAUTHORIZED
    code = "wrong_token"

    def __init__(self) -> None:
        super().__init__("Send an access token; other tokens are not accepted.")


class BodyTooLarge(TooLarge):
    code = "body_too_large"

    def __init__(self) -> None:
        super().__init__(f"The request is larger than {BODY_BYTES // 1024} KB.")


def serve(event: Mapping[str, Any], context: Any, routes: Mapping[str, Route]) -> dict[str, Any]:
    """Answer one HTTP API event: the route's response, or problem+json for whatever it raised."""
    request_id = str(event.get("requestContext", {}).get("requestId", ""))
    begin(context, request_id=request_id, route=event.get("routeKey"))
    try:
        admit(str(event["requestContext"]["http"].get("sourceIp", "")))
        response = routes[event["routeKey"]](_request(event, context))
    except ProductError as refusal:
        logger.info("request was refused", code=refusal.code, status=int(refusal.status))
        response = problem(refusal, request_id)
    except Exception as error:  # noqa: BLE001 - the last border: the person gets a sentence, the log the trace
        logger.exception("request failed")
        response = _failure(error, request_id)
    return _answer(response)


def json_response(
    value: object, *, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Response:
    """JSON in UTF-8; half a character, which a model may have written, stays an escape."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return Response(int(status), text, {"Content-Type": "application/json", **(headers or {})})


def _failure(error: Exception, request_id: str) -> Response:
    """503 where AWS was only busy or out of reach, 500 for what nobody expected."""
    from functions.shared.aws import will_pass

    if isinstance(error, TemporarilyUnavailable) or will_pass(error):
        busy = Unavailable(
            "AWS does not answer right now; look again in a moment before you repeat this.",
            headers={"Retry-After": "5"},
        )
        return problem(busy, request_id)
    return problem(
        ProductError("Something went wrong on our side; look again before you repeat this."),
        request_id,
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        code="internal_error",
    )


def problem(
    error: ProductError,
    request_id: str,
    *,
    status: HTTPStatus | None = None,
    code: str | None = None,
) -> Response:
    """RFC 9457, with the members `code` and `request_id`."""
    status = status or error.status
    value = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": str(error),
        "code": code or error.code,
        "request_id": request_id,
        **error.extra,
    }
    response = json_response(value, status=status, headers=error.headers)
    return Response(
        response.status,
        response.body,
        {**response.headers, "Content-Type": "application/problem+json"},
    )


def read_body(request: Request, body_type: type[BodyType]) -> BodyType:
    """The JSON body as its type; size, media type and unknown fields are refused before anything else looks at it."""
    if len(request.body) > BODY_BYTES:
        raise BodyTooLarge
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type != "application/json":
        raise WrongMediaType
    try:
        json.loads(request.body.decode("utf-8"), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise BadRequest("The request is not JSON that can be read in only one way.") from error
    try:
        return body_type.model_validate_json(request.body)
    except ValidationError as error:
        raise BadRequest(_first_complaint(error)) from error


def own_origin_only(request: Request, origin: str) -> None:
    """`Origin` may be absent (clients with a bearer token); if it is sent, it must be ours."""
    sent = request.headers.get("origin")
    if sent is not None and sent != origin:
        raise NotAllowed("This request came from another site.")


def _request(event: Mapping[str, Any], context: Any) -> Request:
    http = event["requestContext"]["http"]
    text = event.get("body") or ""
    body = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode()
    return Request(
        method=http["method"],
        path=event["rawPath"],
        path_parameters=event.get("pathParameters") or {},
        query=event.get("queryStringParameters") or {},
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        cookies=tuple(event.get("cookies") or ()),
        body=body,
        caller=_caller(event["requestContext"].get("authorizer")),
        request_id=event["requestContext"]["requestId"],
        source_ip=http.get("sourceIp", ""),
        milliseconds_left=context.get_remaining_time_in_millis,
    )


def _caller(authorizer: Mapping[str, Any] | None) -> Caller | None:
    if not authorizer or "jwt" not in authorizer:
        return None
    claims = authorizer["jwt"]["claims"]
    if claims.get("token_use") != "access":
        raise WrongToken
    return Caller(
        sub=str(claims["sub"]),
        groups=_groups(claims.get("cognito:groups")),
        client_id=str(claims.get("client_id", "")),
        auth_time=int(claims.get("auth_time", 0)),
    )


def _groups(claim: object) -> frozenset[str]:
    """The gateway flattens a list claim to `[one two]`."""
    if isinstance(claim, list):
        return frozenset(str(group) for group in claim)
    return frozenset(str(claim or "").strip("[]").replace(",", " ").split())


def _first_complaint(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])[:100]
    return f"The request cannot be used: {where + ': ' if where else ''}{first['msg']}."


def _answer(response: Response) -> dict[str, Any]:
    binary = isinstance(response.body, bytes)
    return {
        "statusCode": response.status,
        "headers": {**SAFE_HEADERS, **response.headers},
        "cookies": list(response.cookies),
        "body": base64.b64encode(response.body).decode()
        if isinstance(response.body, bytes)
        else response.body,
        "isBase64Encoded": binary,
    }


def whole_number(request: Request, name: str, *, default: int, most: int) -> int:
    """A query parameter as a whole number from 1 to `most`."""
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 9 and 1 <= int(text) <= most):
        raise BadRequest(f"{name} must be a whole number from 1 to {most}.")
    return int(text)


def path_id(request: Request, name: str) -> str:
    """An id out of the path; anything but our own spelling is unknown by construction."""
    value = request.path_parameters.get(name, "")
    if not is_id(value):
        raise NotFound
    return value
