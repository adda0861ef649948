"""The kind `graphql`: one operation with its variables, and what the service's answer means."""

import json
from collections.abc import Mapping
from typing import Any

from functions.run_action.failure import ActionFailed, failure_text
from functions.run_action.fetch import Answer, Outgoing
from functions.run_action.rest import JSON_TYPE, with_secret
from functions.run_action.secrets import Secret
from functions.run_action.uri import expanded, missing_argument
from functions.run_action.values import SECRET, headers_of
from functions.run_action.words import SHOWN_CHARACTERS, result_of, shortened, text_of

QUERY, MUTATION = "query", "mutation"
MESSAGES = 10


class NeedsApproval(Exception):
    """A mutation that the manifest allows: a person countersigns it first."""


def request_of(
    action: Mapping[str, Any],
    arguments: Mapping[str, Any],
    secret: Secret | None,
    *,
    is_approved: bool,
) -> Outgoing:
    """The request of a call; raises `ActionFailed`, or `NeedsApproval`, before anything is sent."""
    # The parser is loaded by the calls that need it.
    from functions.run_action.graphql_document import document_of

    values = with_secret(action, arguments, secret)
    fixed = str(action.get("document") or "")
    written = values.get(QUERY)
    if not fixed and not isinstance(written, str):
        raise missing_argument([QUERY])
    document = document_of(fixed or str(written), introspection=bool(action.get("introspection")))
    if document.operation not in (action.get("operations") or [QUERY]):
        raise ActionFailed(
            "graphql_operations", f"This function may not send a {document.operation}."
        )
    if document.operation != QUERY and not is_approved:
        raise NeedsApproval
    variables = _variables(values)
    if fixed:
        said = {name: part for name, part in values.items() if name != SECRET}
        variables = {name: part for name, part in said.items() if name in document.variables}
    lacking = [name for name in document.required if variables.get(name) is None]
    if lacking:
        raise missing_argument(lacking)
    headers = headers_of(action.get("headers") or {}, values)
    headers = {name: part for name, part in headers.items() if name.lower() != "content-type"}
    body = {"query": document.text, **({"variables": variables} if variables else {})}
    return Outgoing(
        "POST",
        expanded(str(action["url"]), values),
        {**headers, "Content-Type": JSON_TYPE},
        json.dumps(body, ensure_ascii=False).encode("utf-8"),
        (secret.value,) if secret else (),
    )


def result(answer: Answer) -> tuple[bool, str]:
    """Whether the service did it, and its `data` as JSON, or its errors, for the model."""
    said = _json_object(answer)
    errors = said.get("errors") if said is not None else None
    if errors:
        text = failure_text(
            "graphql_errors",
            f"The service answered with status {answer.status} and errors.",
            {
                "errors": _messages(errors),
                **({"data": said["data"]} if said and said.get("data") else {}),
            },
        )
        return False, shortened(text, len(answer.body))
    if not 200 <= answer.status < 300:
        return result_of(answer)
    if said is None or "data" not in said:
        return False, failure_text(
            "graphql_answer",
            "The service's answer is not a GraphQL result.",
            {"status": answer.status, "body": (text_of(answer) or "")[:SHOWN_CHARACTERS]},
        )
    return True, shortened(json.dumps(said["data"]), len(answer.body))


def _variables(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the model gave as `variables`: an object, or one written as text."""
    variables = values.get("variables") or {}
    if isinstance(variables, str):
        try:
            variables = json.loads(variables)
        except (ValueError, RecursionError) as error:
            raise ActionFailed("bad_argument", "The variables are not valid JSON.") from error
    if not isinstance(variables, dict):
        raise ActionFailed("bad_argument", "The variables must be one JSON object.")
    return variables


def _json_object(answer: Answer) -> dict[str, Any] | None:
    try:
        value = json.loads(answer.body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _messages(errors: Any) -> list[str]:
    """What the service says went wrong, short."""
    listed = errors if isinstance(errors, list) else [errors]
    return [
        str(one.get("message", one) if isinstance(one, dict) else one)[:SHOWN_CHARACTERS]
        for one in listed[:MESSAGES]
    ]
