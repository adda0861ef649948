"""Calls of other kinds than `aws` that a person countersigns.

The plan carries the action as the manifest has it and the exact arguments as canonical JSON; people are shown the
same arguments, with fractions as text, because plans hold none.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from functions.shared import countersigned_code
from functions.shared.placeholders import MissingValue
from functions.shared.plan import canonical
from functions.shared.run_instances import BadArguments
from functions.shared.strict_json import LARGEST_WHOLE
from functions.shared.text_actions import BadText, message_text
from functions.shared.visible_text import numbered, visible

KINDS = ("rest", "graphql", "data_url", "message_template", *countersigned_code.KINDS)
_LABELS = {
    "method": "Method",
    "host": "Host",
    "url": "Address",
    "query": "Query",
    "headers": "Headers",
    "body": "Body",
    "secret": "Secret sent along",
    "operations": "Operations",
    "document": "Document",
    "mime_type": "Type",
    "message": "Message",
    **countersigned_code.LABELS,
}


def check(arguments: Mapping[str, Any]) -> str:
    """The arguments as the plan carries them; raises `BadArguments`."""
    try:
        return canonical(dict(arguments))
    except (ValueError, RecursionError) as error:
        raise BadArguments(
            "The arguments hold a number or a character that cannot be written exactly."
        ) from error


def shown(value: Mapping[str, Any]) -> dict[str, Any]:
    """The value as a plan can hold and people read it; raises `BadArguments`."""
    return _read(check(value))


def exact(call: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that the planned call runs with, as the model wrote them."""
    return _exact(call["parameters"]["text"])


def planned(arguments: Mapping[str, Any], fixed: Mapping[str, Any]) -> dict[str, Any]:
    """The action and the exact arguments as canonical JSON.

    `fixed` is what the manifest fixes, `{"action": …}`, and for Python, where it is known, what confines it,
    `{"sandbox": …}`; or it is what was planned before: then the arguments must be what people are shown of it.
    Raises `BadArguments`.
    """
    action = shown(fixed.get("action") or {})
    kind = action.get("kind")
    if kind not in KINDS:
        raise BadArguments("The plan carries no action of such a call.")
    if kind == countersigned_code.NOTEBOOK:
        countersigned_code.check(arguments)
    is_python = kind in countersigned_code.KINDS and "sandbox" in fixed
    around = {"action": action, **({"sandbox": shown(fixed["sandbox"])} if is_python else {})}
    text = fixed.get("text")
    if text is None:
        return {**around, "text": check(arguments)}
    try:
        is_as_shown = isinstance(text, str) and _read(text) == dict(arguments)
        is_canonical = is_as_shown and check(_exact(text)) == text
    except (ValueError, RecursionError) as error:
        raise BadArguments("The plan's arguments cannot be read.") from error
    if not is_canonical:
        raise BadArguments("The plan's arguments are not those that are shown.")
    return {**around, "text": text}


def confirmation(call: Mapping[str, Any]) -> str:
    """The program's own words for what was asked; hostile values cannot forge a line."""
    rule = "-" * 32
    rows = "".join(map(_row, facts(call)))
    is_sent = call.get("operation") not in countersigned_code.KINDS
    return (
        f"\nYou are trying to {words(call)}.\n"
        f"Below is what will {'be sent' if is_sent else 'run'} and what the model filled in.\n"
        f"{rule}\n{rows}{rule}\n"
        "proceed? (y/n): "
    )


def summary(call: Mapping[str, Any]) -> str:
    """One line for an inbox or a subject."""
    said = words(call)
    return said[:1].upper() + said[1:]


def words(call: Mapping[str, Any]) -> str:
    """What the call does, as the rest of a sentence: `send POST to api.example.com (create_issue)`."""
    if call.get("operation") in countersigned_code.KINDS:
        return countersigned_code.words(call)
    function, fixed = visible(str(call.get("function"))), _fixed(_action(call))
    if "host" not in fixed:
        return f"run {function}"
    return f"send {fixed['method']} to {fixed['host']} ({function})"


def facts(call: Mapping[str, Any]) -> list[dict[str, str]]:
    """Rows of the approver's table: what the operator fixed, then every argument by its name.

    A row with `"form": "code"` holds lines of code, shown as `visible_code` writes them.
    """
    is_python = call.get("operation") in countersigned_code.KINDS
    known = countersigned_code.fixed(call) if is_python else _fixed(_action(call))
    fixed = [
        _fact(f"operator_{name}", _LABELS[name], value, "operator") for name, value in known.items()
    ]
    if is_python and countersigned_code.is_unconfined(call):
        fixed[-1]["level"] = "warning"
    arguments: Mapping[str, Any] = call.get("arguments") or {}
    code = countersigned_code.code_rows(call)
    said = [
        _fact(name, visible(name), _value(value), "model")
        for name, value in arguments.items()
        if not (code and name == countersigned_code.CODE)
    ]
    return [*fixed, *code, *said, *_message(call)]


def _row(fact: Mapping[str, str]) -> str:
    if fact.get("form") != countersigned_code.CODE:
        return f"{fact['label']}: {fact['value']}\n"
    return "".join(f"{line}\n" for line in [f"{fact['label']}:", *numbered(fact["value"])])


def _action(call: Mapping[str, Any]) -> Mapping[str, Any]:
    action: Mapping[str, Any] = call.get("parameters", {}).get("action", {})
    return action


def _fixed(action: Mapping[str, Any]) -> dict[str, str]:
    """What the manifest says that an approver has to know, in the order of a request."""
    said: dict[str, Any] = {}
    if action.get("url"):
        is_rest = action.get("kind") == "rest"
        said["method"] = action.get("method") or "GET" if is_rest else "POST"
        said["host"] = urlsplit(str(action["url"])).netloc
    names = ("url", "query", "headers", "body", "secret", "operations", "document", "mime_type")
    said |= {name: action[name] for name in (*names, "message") if action.get(name)}
    return {name: _value(value) for name, value in said.items()}


def _message(call: Mapping[str, Any]) -> list[dict[str, str]]:
    """The words that a message will be."""
    action = _action(call)
    if action.get("kind") != "message_template":
        return []
    try:
        text = message_text(action, exact(call))
    except (MissingValue, BadText, ValueError, KeyError):
        return []
    return [_fact("message_text", "What it will say", visible(text), "model")]


def _fact(key: str, label: str, value: str, source: str) -> dict[str, str]:
    return {"key": key, "label": label, "value": value, "source": source, "level": "plain"}


def _value(value: Any) -> str:
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(_value(one) for one in value)
    return visible(json.dumps(value, ensure_ascii=False, sort_keys=True))


def _exact(text: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(text, parse_int=lambda digits: _whole(digits, float))
    return value


def _read(text: str) -> dict[str, Any]:
    """Canonical JSON with every number that a plan cannot hold as its text."""
    value = json.loads(text, parse_float=str, parse_int=lambda digits: _whole(digits, str))
    if not isinstance(value, dict):
        raise BadArguments("The arguments must be one JSON object.")
    return value


def _whole(digits: str, otherwise: Callable[[str], Any]) -> Any:
    """A fraction may be written without a point: then it is too large for a whole number of JSON."""
    is_held = len(digits) <= len(str(-LARGEST_WHOLE)) and abs(int(digits)) <= LARGEST_WHOLE
    return int(digits) if is_held else otherwise(digits)
