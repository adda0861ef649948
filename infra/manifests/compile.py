"""One manifest's file becomes the JSON value that the Lambdas carry; all of its mistakes are told at once."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from functions.shared.plan import canonical, digest_of
from infra.manifests.actions import Action, Client, Module, Notebook
from infra.manifests.code import Code, Resource
from infra.manifests.compiled_actions import (
    Surroundings,
    compile_action,
    compile_module,
    read_action,
)
from infra.manifests.files import Folder
from infra.manifests.functions import read_functions
from infra.manifests.manifest import Head, Slot
from infra.manifests.members import (
    categorized,
    check_names,
    model_options,
    policed,
    rules,
    texts,
    tool_choice,
)
from infra.manifests.pieces import checked
from infra.manifests.problems import BadManifest, Findings, Problem
from infra.manifests.resources import read_resources
from infra.manifests.slots import compiled_slots, read_slots, slot_actions, slot_functions
from infra.manifests.source import SUFFIXES, read_source
from infra.manifests.unreadable import Unreadable
from infra.manifests.words import in_our_words

RUN_PYTHON = ("notebook", "module")
AGENT_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one manifest: the compiled agent, or the problems that forbid it."""

    id: str
    agent: dict[str, Any] | None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    files: tuple[Path, ...] = ()
    """The files that it names, and the folders it lists, as far as they were found."""
    code: Code = field(default_factory=Code)
    """What only the sandbox carries of it."""

    def compiled(self) -> dict[str, Any]:
        """The agent; raises `BadManifest`."""
        if self.agent is None:
            raise BadManifest(self.problems)
        return self.agent


def compile_manifest(
    file: Path,
    *,
    root: Path | None = None,
    aliases: Mapping[str, str] | None = None,
    shown: str = "",
) -> Verdict:
    """The verdict on one file; `root` confines the files that it names, `shown` is what messages call it."""
    findings = Findings(shown or file.name)
    folder = Folder.of(file, root)
    agent = None
    code = Code()
    if not AGENT_ID.fullmatch(file.stem):
        message = "the file's stem is the agent's id: a-z, 0-9, - and _"
        findings.refuse("bad_id", (), message)
    try:
        source = read_source(file)
    except Unreadable as error:
        for mistake in error.mistakes:
            findings.lines[mistake.key] = mistake.line
            findings.refuse(mistake.code, mistake.key, mistake.message)
    else:
        findings.lines.update(source.lines)
        if isinstance(source.value, dict):
            agent = _compiled(source.value, file, folder, aliases or {}, findings, code)
        else:
            findings.refuse("bad_manifest", (), "a mapping is expected")
    usable = agent if not findings.problems else None
    problems, warnings = tuple(findings.problems), tuple(findings.warnings)
    return Verdict(file.stem, usable, problems, warnings, tuple(sorted(folder.read)), code)


def _compiled(
    written: Mapping[str, Any],
    file: Path,
    folder: Folder,
    aliases: Mapping[str, str],
    findings: Findings,
    code: Code,
) -> dict[str, Any]:
    manifest = in_our_words(written, findings)
    version = 2 if manifest.get("version") == 2 else 1
    if version == 1:
        manifest.setdefault("title", file.stem)
    above = {key: value for key, value in manifest.items() if key not in ("functions", "actions")}
    slots = read_slots(above.pop("slots", []), findings)
    head = checked(Head, above, (), findings) or _usable(above)
    listed = read_functions(
        manifest.get("functions", []), folder=folder, findings=findings, version=version
    )
    actions = manifest.get("actions", {})
    if not isinstance(actions, dict):
        findings.refuse(
            "bad_value", ("actions",), "a mapping from functions to actions is expected"
        )
        actions = {}
    read = {
        name: read_action(action, ("actions", name), findings) for name, action in actions.items()
    }
    around = Surroundings(head, version, folder, siblings_of(file), findings, code)
    functions = [categorized(function, head) for function in listed.usable]
    done = _actions([*functions, *_unlisted(listed.names, around)], read, around)
    code.resources = _resources(done, around)
    if slots:
        functions = [*functions, *_slot_functions(slots, functions, around)]
        done |= slot_actions(head.slots_processor)
    elif head.slots_processor:
        findings.refuse("no_slots", ("slots_processor",), "there are no slots to process")
    names = (listed.names or frozenset()) | {function["name"] for function in functions}
    if listed.names is not None:
        check_names(names, actions, around)
    agent: dict[str, Any] = {
        "version": 1 if version == 1 else None,
        **texts(around),
        "functions": functions,
        "actions": done,
        "tool_choice": tool_choice(names, around),
        **model_options(around, aliases),
        "slots": compiled_slots(slots, head) if slots else None,
        **rules(around),
    }
    said = {name: value for name, value in agent.items() if value not in (None, "", [], {})}
    said.setdefault("prompt", "")
    files = {one.name: one.sha256 for one in code.resources}
    return {
        **said,
        "digest": digest_of(canonical({**said, **({"resources": files} if files else {})})),
    }


def _unlisted(names: frozenset[str] | None, around: Surroundings) -> list[dict[str, Any]]:
    """Functions of the notebook that `policy` names and `functions` does not."""
    return [{"name": name} for name in policed(around.head) if name not in (names or ())]


def _resources(
    actions: Mapping[str, Mapping[str, Any]], around: Surroundings
) -> tuple[Resource, ...]:
    head, kinds = around.head, {action["kind"] for action in actions.values()}
    if head.resources and not head.notebook and kinds.isdisjoint(RUN_PYTHON):
        tell = around.findings.warn if around.version == 1 else around.findings.refuse
        tell("resources_unused", ("resources",), "there is no notebook and no module to read them")
        return ()
    return read_resources(head.resources, around.folder, around.findings)


def _usable(above: Mapping[str, Any]) -> Head:
    """The head without the keys that cannot be used, so that what rests on the others is checked too."""
    kept = {"title": "?"}
    for key, value in above.items():
        if checked(Head, {"title": "?", key: value}, (), Findings("")) is not None:
            kept[key] = value
    return Head.model_validate_json(json.dumps(kept))


def _actions(
    functions: Sequence[Mapping[str, Any]],
    read: Mapping[str, Action | None],
    around: Surroundings,
) -> dict[str, dict[str, Any]]:
    """What is done for each function; without an action it is the notebook's, the module's or the client's."""
    compiled: dict[str, dict[str, Any]] = {}
    for function in functions:
        name = function["name"]
        action = read.get(name)
        if action is not None and not isinstance(action, Module):
            compiled[name] = compile_action(action, function, around)
        elif isinstance(action, Module) and around.head.module is None:
            message = "a module's function needs the key module, which names its file"
            around.findings.refuse("missing_key", ("actions", name), message)
        elif isinstance(action, Module):
            compiled[name] = compile_module(name, around)
        elif name not in read and around.head.notebook:
            compiled[name] = compile_action(Notebook(kind="notebook"), function, around)
        elif name not in read and around.head.module is not None:
            compiled[name] = compile_module(name, around)
        elif name not in read:
            compiled[name] = compile_action(Client(kind="client"), function, around)
    return compiled


def _slot_functions(
    slots: Sequence[Slot], functions: Sequence[Mapping[str, Any]], around: Surroundings
) -> list[dict[str, Any]]:
    head = around.head
    taken = {function["name"] for function in functions}
    own = slot_functions(slots, head.slots_processor, head.slots_texts)
    for function in own:
        if function["name"] in taken:
            message = f"{function['name']} is a function of the slots"
            around.findings.refuse("duplicate_function", ("functions",), message)
    return own


def siblings_of(file: Path) -> frozenset[str]:
    """The ids of the agents beside a manifest, and its own."""
    return frozenset({file.stem, *(one.stem for one in file.parent.glob("*") if is_manifest(one))})


def is_manifest(file: Path) -> bool:
    """Whether a file is taken for a manifest."""
    return (
        file.suffix in SUFFIXES
        and not file.name.startswith((".", "README"))
        and file.name != "manifests.json"
    )
