"""The kind `rest`: one HTTP request made from its templates, and what its answer means."""

import json
from collections.abc import Mapping
from typing import Any

from functions.run_action.failure import ActionFailed
from functions.run_action.fetch import SAFE, Answer, Outgoing
from functions.run_action.secrets import Secret
from functions.run_action.uri import expanded, missing_argument, names_of, with_query
from functions.run_action.values import SECRET, body_of, given, headers_of, no_secret, pairs_of
from functions.run_action.words import result_of
from functions.shared.placeholders import names_in

WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
METHODS = SAFE | WITH_BODY | {"DELETE"}
JSON_TYPE = "application/json"


def request_of(
    action: Mapping[str, Any],
    arguments: Mapping[str, Any],
    secret: Secret | None,
    *,
    client_token: str = "",
) -> Outgoing:
    """The request of a call; raises `ActionFailed` before anything is sent."""
    values = with_secret(action, arguments, secret)
    method = str(action.get("method") or "GET").upper()
    if method not in METHODS:
        raise ActionFailed("bad_template", f"The method {method[:16]!r} is not one of this kind.")
    lacking = [name for name in action.get("required", ()) if name not in values]
    if lacking:
        raise missing_argument(lacking)
    query = action.get("query") or {}
    url = with_query(expanded(str(action["url"]), values), pairs_of(query, values))
    headers = headers_of(action.get("headers") or {}, values)
    body = _body(action, method, values)
    if body is not None and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = JSON_TYPE
    if client_token and action.get("idempotency_header"):
        headers[str(action["idempotency_header"])] = client_token
    return Outgoing(method, url, headers, body, (secret.value,) if secret else ())


def result(answer: Answer) -> tuple[bool, str]:
    """Whether the service did it, and the text for the model."""
    return result_of(answer)


def with_secret(
    action: Mapping[str, Any], arguments: Mapping[str, Any], secret: Secret | None
) -> dict[str, Any]:
    """The values of the templates; an argument never stands for the secret. Raises `ActionFailed`."""
    if SECRET in arguments:
        raise ActionFailed("bad_argument", f"{SECRET!r} is not an argument of this function.")
    values = given(arguments)
    if secret is not None:
        values[SECRET] = secret.value
    elif SECRET in names_of(str(action["url"])):
        raise no_secret()
    return values


def _body(action: Mapping[str, Any], method: str, values: Mapping[str, Any]) -> bytes | None:
    """The declared body, or the arguments that stand nowhere else; none where the method has none."""
    declared = action.get("body")
    if method in SAFE or (declared is None and method not in WITH_BODY):
        return None
    if declared is not None:
        value = body_of(declared, values)
    else:
        elsewhere = {*names_of(str(action["url"])), *_named(action.get("query") or {}), SECRET}
        value = {name: part for name, part in values.items() if name not in elsewhere}
    return json.dumps(value, ensure_ascii=False).encode("utf-8")


def _named(templates: Mapping[str, Any]) -> set[str]:
    texts = (template for template in templates.values() if isinstance(template, str))
    return {name for text in texts for name in names_in(text)}
