"""Corrections of what a browser's sign-in needs: cookies on their way in, and the end of a session."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from local.emulator.patching import wrap

EXECUTE = "ministack.services.lambda_svc:_execute_function_with_config_scope"
COGNITO_ROUTES = "ministack.app:_handle_cognito_body_request"
REVOKE = "ministack.services.cognito:_revoke_token"
MAKE = "ministack.services.cognito:_fake_token"
POOL = "ministack.services.cognito:_get_pool_unscoped"

Answer = tuple[int, dict[str, str], bytes]


def http_apis_hand_over_cookies() -> None:
    """Stock: an HTTP API leaves cookies in the header `cookie`. Here: payload 2.0 has them in the
    list `cookies`, and the header is gone."""

    def with_cookies(execute: Callable[..., Any]) -> Callable[..., Any]:
        def run(record: Any, event: Any, *others: Any, **named: Any) -> Any:  # noqa: ANN401
            if isinstance(event, dict) and event.get("version") == "2.0" and "rawPath" in event:
                event = _moved(event)
            return execute(record, event, *others, **named)

        return run

    wrap(EXECUTE, with_cookies)


def refresh_tokens_can_be_revoked_over_http() -> None:
    """Stock: `/oauth2/revoke` is unknown. Here: it ends the refresh token, as RevokeToken does."""

    def with_revocation(routes: Callable[..., Any]) -> Callable[..., Any]:
        async def route(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
        ) -> Answer | None:
            if (method, path) != ("POST", "/oauth2/revoke"):
                answer: Answer | None = await routes(method, path, headers, body, query)
                return answer
            from ministack.services import cognito

            form = parse_qs(body.decode("utf-8", errors="replace"))
            if "token" not in form or "client_id" not in form:
                return 400, {"Content-Type": "application/json"}, b'{"error":"invalid_request"}'
            cognito._revoke_token({"Token": form["token"][0]})
            return 200, {}, b""

        return route

    wrap(COGNITO_ROUTES, with_revocation)


def refreshed_tokens_name_groups() -> None:
    """Stock: tokens that the token endpoint gives for a refresh token lack `cognito:groups`. Here:
    they name the user's groups, as the first ones did."""

    def with_groups(make: Callable[..., str]) -> Callable[..., str]:
        def token(
            sub: str,
            pool_id: str,
            client: str,
            use: str = "access",
            username: str = "",
            **named: Any,
        ) -> str:
            if named.get("trigger_source") == "TokenGeneration_RefreshTokens":
                named["groups"] = named.get("groups") or _groups(pool_id, username)
            return make(sub, pool_id, client, use, username, **named)

        return token

    wrap(MAKE, with_groups)


def _groups(pool_id: str, username: str) -> list[str]:
    from ministack.services import cognito

    pool = cognito._get_pool_unscoped(pool_id) or {"_users": {}}
    groups: list[str] = pool["_users"].get(username, {}).get("_groups", [])
    return groups


def _moved(event: dict[str, Any]) -> dict[str, Any]:
    headers = dict(event["headers"])
    sent = [headers.pop(name) for name in list(headers) if name.lower() == "cookie"]
    if not sent:
        return event
    cookies = [cookie.strip() for line in sent for cookie in line.split(";")]
    return {**event, "headers": headers, "cookies": [cookie for cookie in cookies if cookie]}
