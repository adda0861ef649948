"""The operation `document`: an SSM Automation runbook, with version, role and parameters as the manifest pins them.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_StartAutomationExecution.html
"""

import json
import uuid
from collections.abc import Mapping
from typing import Any

from functions.shared.countersigned_action import shown
from functions.shared.placeholders import MissingValue, fill, names_in
from functions.shared.run_instances import BadArguments
from functions.shared.visible_text import visible

KIND = "document"
ROLE = "AutomationAssumeRole"
"""The parameter by which a runbook takes its role."""


def check(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """The arguments as a plan can hold them, fractions as text; raises `BadArguments`."""
    return shown(arguments)


def planned(arguments: Mapping[str, Any], fixed: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest's action, and what Systems Manager will be sent of it but for the token.

    `fixed` is `{"action": …}`, or what was planned before. Raises `BadArguments`.
    """
    action = fixed.get("action") or {}
    if action.get("kind") != KIND:
        raise BadArguments("The plan carries no runbook.")
    written: Mapping[str, Any] = action.get("parameters") or {}
    if ROLE in written:
        raise BadArguments(f"The role is the manifest's; {ROLE} cannot be a parameter.")
    given = check(arguments)
    values = {name: _values(template, given) for name, template in written.items()}
    return {
        "action": dict(action),
        "request": {
            "DocumentName": action["document"],
            "DocumentVersion": action["version"],
            "Parameters": {
                **{name: value for name, value in values.items() if value is not None},
                ROLE: [action["role"]],
            },
        },
    }


def client_token(approved: str) -> str:
    """A UUID that is the same for every try of a call; `approved` is the call's own token, 64 hex digits."""
    return str(uuid.UUID(hex=approved[:32], version=5))


def confirmation(call: Mapping[str, Any]) -> str:
    """The program's own words for what was asked; hostile values cannot forge a line."""
    rule = "-" * 32
    rows = "".join(f"{fact['label']}: {fact['value']}\n" for fact in facts(call))
    return (
        f"\nYou are trying to {words(call)}.\n"
        "Below is the runbook and what the model filled in.\n"
        f"{rule}\n{rows}{rule}\n"
        "proceed? (y/n): "
    )


def summary(call: Mapping[str, Any]) -> str:
    """One line for an inbox or a subject."""
    said = words(call)
    return said[:1].upper() + said[1:]


def words(call: Mapping[str, Any]) -> str:
    """What the call does, as the rest of a sentence."""
    action = _action(call)
    name, version = visible(str(action.get("document"))), visible(str(action.get("version")))
    return f"start the runbook {name}, version {version}"


def facts(call: Mapping[str, Any]) -> list[dict[str, str]]:
    """Rows of the approver's table: what the operator pinned, then every argument by its name."""
    action = _action(call)
    pinned = [
        _fact(f"operator_{name}", label, action.get(name), "operator")
        for name, label in (("document", "Runbook"), ("version", "Version"), ("role", "Runs as"))
    ]
    parameters: Mapping[str, Any] = action.get("parameters") or {}
    mapped = [
        _fact(f"operator_parameter_{name}", f"Parameter {visible(name)}", template, "operator")
        for name, template in parameters.items()
    ]
    arguments: Mapping[str, Any] = call.get("arguments") or {}
    said = [_fact(name, visible(name), value, "model") for name, value in arguments.items()]
    return [*pinned, *mapped, *said]


def _values(template: Any, arguments: Mapping[str, Any]) -> list[str] | None:
    """A parameter's values; None where all it stands for is an argument that was not given."""
    if isinstance(template, str):
        name = _alone(template)
        if name is None:
            return [_filled(template, arguments)]
        if name not in arguments:
            return None
        value = arguments[name]
        return [_text(one) for one in value] if isinstance(value, list) else [_text(value)]
    return [_filled(str(one), arguments) for one in template]


def _alone(template: str) -> str | None:
    """The argument's name, if the template is nothing else."""
    names = names_in(template)
    return names[0] if len(names) == 1 and template == f"{{{names[0]}}}" else None


def _filled(template: str, arguments: Mapping[str, Any]) -> str:
    try:
        return fill(template, {name: _text(value) for name, value in arguments.items()})
    except MissingValue as error:
        raise BadArguments(f"{error.name} must be given.") from error


def _text(value: Any) -> str:
    """A value as Systems Manager takes it: text as it is, anything else as JSON."""
    return (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    )


def _action(call: Mapping[str, Any]) -> Mapping[str, Any]:
    action: Mapping[str, Any] = (call.get("parameters") or {}).get("action") or {}
    return action


def _fact(key: str, label: str, value: Any, source: str) -> dict[str, str]:
    shown = visible(_text(value))
    return {"key": key, "label": label, "value": shown, "source": source, "level": "plain"}
