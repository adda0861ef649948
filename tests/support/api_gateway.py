"""API Gateway's HTTP API in this process: routes and authorizer from the API's description, handlers behind them."""

import base64
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from functions.pages.description import FILE
from tests.support.gateway import Answer, LambdaContext, answer_of, http_event

ROOMS = {
    "chat": "chat",
    "conversations": "conversations",
    "approvals": "approvals",
    "freeze": "freeze",
    "session": "session",
}
"""The room by the first step of the path; some routes are another's by a later one, all else is `pages`."""
BY_LATER = {
    "decision": "decide_approval",
    "cancel": "decide_approval",
    "tool_results": "chat",
    "files": "notebooks",
    "notebook": "notebooks",
    "notebook.ipynb": "notebooks",
}

Handler = Callable[[Mapping[str, Any], Any], dict[str, Any]]
Claims = Callable[[str], Mapping[str, str] | None]
"""What a bearer token says, or None when it does not hold."""


@dataclass(frozen=True)
class Route:
    key: str
    steps: tuple[str, ...]
    room: str
    is_open: bool

    def matches(self, method: str, steps: tuple[str, ...]) -> bool:
        return (
            self.key.startswith(f"{method} ")
            and len(self.steps) == len(steps)
            and all(
                _is_parameter(own) or own == given
                for own, given in zip(self.steps, steps, strict=True)
            )
        )

    def parameters(self, steps: tuple[str, ...]) -> dict[str, str]:
        pairs = zip(self.steps, steps, strict=True)
        return {own[1:-1]: given for own, given in pairs if _is_parameter(own)}


@dataclass
class ApiGateway:
    """Like AWS's: decodes a path once, joins what stands twice by commas, answers 401 itself."""

    rooms: Mapping[str, Handler]
    claims: Claims
    routes: list[Route] = field(default_factory=lambda: routes())
    statuses: Counter[int] = field(default_factory=Counter)
    """How many answers of each status it gave."""
    reached: Counter[str] = field(default_factory=Counter)
    """How many requests reached the room behind each route."""

    def send(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        token: str = "",
    ) -> Answer:
        """One request; `target` is path and query as they stand in the request line."""
        given = {name.lower(): value for name, value in (headers or {}).items()}
        if token:
            given["authorization"] = f"Bearer {token}"
        answer = self._answer(method, target, given, body)
        self.statuses[answer.status] += 1
        return answer

    def _answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        raw_path, _, query = target.partition("?")
        path = unquote(raw_path, errors="replace")
        steps = tuple(path.split("/"))
        route = next((one for one in self.routes if one.matches(method, steps)), DEFAULT)
        claims = None
        if not route.is_open:
            scheme, _, token = headers.get("authorization", "").partition(" ")
            claims = self.claims(token) if scheme.lower() == "bearer" and token else None
            if claims is None:
                return Answer(
                    401, {"content-type": "application/json"}, '{"message":"Unauthorized"}'
                )
        event = http_event(f"{method} {path}" if " " not in path else f"{method} /", claims=claims)
        event["routeKey"] = event["requestContext"]["routeKey"] = route.key
        event["rawPath"] = event["requestContext"]["http"]["path"] = path
        event["rawQueryString"] = query
        event["headers"] = {name: value for name, value in headers.items() if name != "cookie"}
        event["cookies"] = [one.strip() for one in headers.get("cookie", "").split(";") if one]
        if body:
            event["body"], event["isBase64Encoded"] = base64.b64encode(body).decode(), True
        if parameters := route.parameters(steps) if route is not DEFAULT else {}:
            event["pathParameters"] = parameters
        if pairs := parse_qsl(query, keep_blank_values=True):
            joined: dict[str, str] = {}
            for name, value in pairs:
                joined[name] = f"{joined[name]},{value}" if name in joined else value
            event["queryStringParameters"] = joined
        self.reached[route.key] += 1
        return answer_of(self.rooms[route.room](event, LambdaContext()))


DEFAULT = Route("$default", (), "pages", is_open=True)


def routes() -> list[Route]:
    """Every described route that the gateway has, those without parameters first."""
    described = json.loads(FILE.read_text(encoding="utf-8"))["paths"]
    found = [
        Route(
            f"{method.upper()} {path}",
            tuple(path.split("/")),
            _room(path),
            operation.get("security") == [],
        )
        for path, operations in described.items()
        for method, operation in operations.items()
        if method in ("get", "post", "put", "delete") and path != "/favicon.ico"
    ]
    return sorted(found, key=lambda route: route.key.count("{"))


def _room(path: str) -> str:
    steps = path.split("/")
    later = BY_LATER.get(steps[3], "") if len(steps) > 3 else ""
    return later or ROOMS.get(steps[1], "pages")


def _is_parameter(step: str) -> bool:
    return step.startswith("{")
