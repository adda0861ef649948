"""Each action as the Lambdas carry it: checked against its function, files read, hosts and approval settled."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.shared.kinds import KINDS
from functions.shared.operations import READS
from functions.shared.placeholders import names_in
from infra.manifests.actions import (
    MODELS,
    Action,
    Aws,
    DataUrl,
    Emit,
    Graphql,
    Module,
    Request,
    Rest,
)
from infra.manifests.address import read_address
from infra.manifests.code import Code, ModuleText
from infra.manifests.files import FileRefused, Folder
from infra.manifests.functions import properties_of, required_of
from infra.manifests.manifest import Head
from infra.manifests.pieces import checked
from infra.manifests.placeholders import check_placeholders
from infra.manifests.problems import Findings, Key
from infra.manifests.source import read_text
from infra.manifests.unreadable import Unreadable

SAFE_METHODS = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an action is compiled with beside itself."""

    head: Head
    version: int
    folder: Folder
    siblings: frozenset[str]
    """The ids of every agent of the set."""
    findings: Findings
    code: Code = field(default_factory=Code)


def read_action(written: Any, key: Key, findings: Findings) -> Action | None:
    """One action as its kind's model; None where the findings say why not."""
    if not isinstance(written, dict):
        findings.refuse("bad_value", key, "a mapping with its kind is expected")
        return None
    kind = written.get("kind")
    if kind is None:
        findings.refuse("kind_missing", key, f"it needs a kind: {', '.join(MODELS)}")
        return None
    if not isinstance(kind, str) or kind not in MODELS:
        message = f"unknown kind {kind!r}; known: {', '.join(MODELS)}"
        findings.refuse("unknown_kind", (*key, "kind"), message)
        return None
    return checked(MODELS[kind], written, key, findings)


def compile_action(
    action: Action, function: Mapping[str, Any], around: Surroundings
) -> dict[str, Any]:
    """The action's JSON without members that say nothing."""
    name = str(function["name"])
    key: Key = ("actions", name)
    check_placeholders(
        action,
        known=frozenset(properties_of(function)),
        key=key,
        findings=around.findings,
        version=around.version,
    )
    compiled: dict[str, Any] = action.model_dump(mode="json", exclude_defaults=True)
    if isinstance(action, Aws) and action.operation == "run_instances":
        _check_types(function, around)
    if isinstance(action, Request):
        hosts = (read_address(action.url).host, *around.head.egress.hosts)
        compiled["hosts"] = list(dict.fromkeys(hosts))
    if isinstance(action, Rest) and (required := required_of(function)):
        compiled["required"] = required
    if isinstance(action, Graphql) and action.document.strip().endswith(".graphql"):
        compiled["document"] = _text_of(action.document.strip(), (*key, "document"), around)
    if isinstance(action, DataUrl):
        compiled["template"] = _text_of(action.template, (*key, "template"), around)
        _check_template(compiled["template"], function, key, around)
        if around.version == 2:
            compiled["escape"] = True
    if isinstance(action, Emit):
        compiled["agents"] = _reachable(action, function, key, around)
    approval = _approval(action, name, around)
    if approval != KINDS[compiled["kind"]].approval:
        compiled["approval"] = approval
    return compiled


def compile_module(name: str, around: Surroundings) -> dict[str, Any]:
    """The action of a function that a Python file of the operator holds."""
    compiled = compile_action(Module(kind="module"), {"name": name}, around)
    compiled["file"] = file = around.head.module_file
    try:
        text = read_text(around.folder.find(file))
    except FileRefused as error:
        if error.code == "file_missing" and around.version == 1:
            message = f"{error}: its functions answer that they cannot run"
            around.findings.warn("module_missing", ("module",), message)
        else:
            around.findings.refuse(error.code, ("module",), str(error))
        return compiled
    except Unreadable as error:
        around.findings.refuse(error.mistakes[0].code, ("module",), str(error))
        return compiled
    sha256 = hashlib.sha256(text.encode("utf-8")).hexdigest()
    around.code.module = ModuleText(file, text, sha256)
    return {**compiled, "sha256": sha256}


def _approval(action: Action, name: str, around: Surroundings) -> str:
    """Whether the calls are countersigned; what may not be said is refused."""
    kind = KINDS[action.kind]
    default, choices = kind.approval, kind.choices
    if isinstance(action, Aws):
        reads = action.operation in READS
        default, choices = ("never", ("never",)) if reads else ("always", ("always", "policy"))
    writes = isinstance(action, Rest) and action.method not in SAFE_METHODS
    if writes and around.version == 2:
        default = "always"
    if isinstance(action, Graphql) and "query" not in action.operations:
        default = "always"
    policy = around.head.policy.get(name)
    key: Key = ("policy", name, "approval")
    if policy is None:
        if writes and default == "never":
            message = f"{action.method} is sent without a countersignature"  # type: ignore[attr-defined]
            around.findings.warn("ungated_write", ("actions", name), message)
        return default
    if policy.approval not in choices:
        code = "never_refused" if policy.approval == "never" else "always_refused"
        message = (
            f"calls of {name} are {'always' if 'always' in choices else 'never'} countersigned"
        )
        around.findings.refuse(code, key, message)
        return default
    if policy.approval == "policy":
        message = "there is no policy engine: every call is countersigned"
        around.findings.warn("no_policy_engine", key, message)
        return "always"
    if policy.approval == "never" and isinstance(action, Graphql) and default == "always":
        message = f"calls of {name} are always countersigned"
        around.findings.refuse("never_refused", key, message)
    if policy.approval == "never" and writes:
        message = "what changes something is sent without a countersignature"
        around.findings.warn("ungated_write", key, message)
    return policy.approval


def _reachable(
    action: Emit, function: Mapping[str, Any], key: Key, around: Surroundings
) -> list[str]:
    """The agents that a call may switch to: written out, listed in `agents`, or in an argument's enum."""
    tell = around.findings.warn if around.version == 1 else around.findings.refuse
    written = action.data.get("agent")
    named: Sequence[Any] = ()
    if isinstance(written, str) and not names_in(written):
        named = [written]
    elif isinstance(written, str):
        listed = list(around.head.agents)
        enums = [properties_of(function).get(name, {}).get("enum") for name in names_in(written)]
        named = listed or (enums[0] if len(enums) == 1 and enums[0] else [])
        if not named:
            message = "list the agents that it may switch to in agents, or in the argument's enum"
            tell("agents_unbounded", (*key, "data"), message)
    else:
        tell("no_agent", (*key, "data"), "it names no agent, so nothing is switched")
    unknown = [agent for agent in named if agent not in around.siblings]
    if unknown:
        message = f"there is no agent {', '.join(map(str, unknown))}"
        tell("unknown_agent", (*key, "data", "agent"), message)
    return [str(agent) for agent in named if agent in around.siblings]


def _text_of(name: str, key: Key, around: Surroundings) -> str:
    try:
        return read_text(around.folder.find(name))
    except FileRefused as error:
        around.findings.refuse(error.code, key, str(error))
    except Unreadable as error:
        around.findings.refuse(error.mistakes[0].code, key, f"{name}: {error}")
    return ""


def _check_types(function: Mapping[str, Any], around: Surroundings) -> None:
    """The launch role admits the types that the manifests name, so each must name them."""
    named = properties_of(function).get("instance_type", {})
    if not isinstance(named, dict) or not named.get("enum"):
        key: Key = ("functions", function["name"])
        around.findings.refuse("no_instance_types", key, "instance_type needs an enum")


def _check_template(
    template: str, function: Mapping[str, Any], key: Key, around: Surroundings
) -> None:
    unknown = [name for name in names_in(template) if name not in properties_of(function)]
    if unknown:
        tell = around.findings.warn if around.version == 1 else around.findings.refuse
        message = f"no argument is called {', '.join(unknown)}"
        tell("unknown_placeholder", (*key, "template"), message)
