"""What API Gateway's HTTP API hands to a Lambda (payload 2.0), and what it gets back."""

import base64
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_numbers = itertools.count(1)


class LambdaContext:
    """The one thing of the context that our functions read."""

    function_name = "function"

    def __init__(self, milliseconds: int = 29_000) -> None:
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str
    content: bytes = b""
    """The body as it travels; `text` is what can be read of it."""

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def answer_of(response: Mapping[str, Any]) -> Answer:
    """A function's return value as a client sees it: header names in lower case."""
    body = response["body"]
    content = base64.b64decode(body) if response["isBase64Encoded"] else body.encode()
    headers = {name.lower(): value for name, value in response["headers"].items()}
    return Answer(response["statusCode"], headers, content.decode(errors="replace"), content)


def claims_of(sub: str, groups: tuple[str, ...], *, use: str = "access") -> dict[str, str]:
    """Claims as the gateway gives them: every value a string, a list as `[one two]`."""
    claims = {
        "sub": sub,
        "token_use": use,
        "client_id": "web",
        "auth_time": "1795230000",
        "exp": "1795233600",
        "scope": "openid email",
        "username": sub,
    }
    if groups:
        claims["cognito:groups"] = f"[{' '.join(groups)}]"
    return claims


def http_event(
    route: str,
    *,
    claims: Mapping[str, str] | None = None,
    body: object = None,
    parameters: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    is_base64: bool = False,
) -> dict[str, Any]:
    """One event for a route such as `GET /approvals/{approval_id}`; `body` is JSON unless it is text or bytes."""
    method, path = route.split(" ")
    for name, value in (parameters or {}).items():
        path = path.replace("{" + name + "}", value)
    raw = body if isinstance(body, bytes) else None
    text = body if isinstance(body, str) else None if body is None else ""
    if body is not None and raw is None and not isinstance(body, str):
        text = json.dumps(body)
    if raw is not None:
        text, is_base64 = base64.b64encode(raw).decode(), True
    context: dict[str, Any] = {
        "accountId": "123456789012",
        "apiId": "api",
        "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
        "requestId": f"request-{next(_numbers):08d}",
        "routeKey": route,
        "stage": "$default",
    }
    if claims is not None:
        context["authorizer"] = {"jwt": {"claims": dict(claims), "scopes": None}}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": "&".join(f"{name}={value}" for name, value in (query or {}).items()),
        "headers": {"content-type": "application/json", **(headers or {})},
        "requestContext": context,
        "isBase64Encoded": is_base64,
    }
    if text is not None:
        event["body"] = text
    if parameters:
        event["pathParameters"] = dict(parameters)
    if query:
        event["queryStringParameters"] = dict(query)
    return event
