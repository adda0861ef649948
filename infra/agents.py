"""The agents that the Lambdas carry: every manifest of one folder compiled, and what a stack has to know of them."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from infra.manifests.compile import RUN_PYTHON, Verdict, compile_manifest, is_manifest
from infra.manifests.problems import BadManifest, Problem

FILE = "agents.json"
"""Where the compiled agents lie in a zip."""

Compiled = dict[str, dict[str, Any]]

__all__ = ["FILE", "BadManifest", "Compiled"]


def read_folder(
    directory: Path, *, aliases: Mapping[str, str] | None = None, root: Path | None = None
) -> list[Verdict]:
    """The verdict on every manifest of a folder, in the order of their ids; raises `BadManifest` without one."""
    files = sorted(file for file in directory.glob("*") if is_manifest(file))
    if not files:
        raise BadManifest([Problem(str(directory), "no_manifest", "there is no manifest")])
    verdicts: dict[str, Verdict] = {}
    for file in files:
        verdict = compile_manifest(file, root=root, aliases=aliases)
        if file.stem in verdicts:
            twice = Problem(file.name, "said_twice", f"two manifests describe {file.stem!r}")
            verdict = Verdict(file.stem, None, (*verdicts[file.stem].problems, twice))
        verdicts[file.stem] = verdict
    return list(verdicts.values())


def agents_of(verdicts: Iterable[Verdict]) -> Compiled:
    """The compiled agents by id; raises `BadManifest` with every problem of every manifest."""
    problems = [problem for verdict in verdicts for problem in verdict.problems]
    if problems:
        raise BadManifest(problems)
    return {verdict.id: verdict.compiled() for verdict in verdicts}


def compile_agents(directory: Path, *, aliases: Mapping[str, str] | None = None) -> Compiled:
    """Every manifest of a folder by its id, with its digest; raises `BadManifest`."""
    return agents_of(read_folder(directory, aliases=aliases))


def serialized(compiled: Compiled) -> bytes:
    """The file that a zip carries; equal manifests give equal bytes."""
    return json.dumps(compiled, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def launchable_types(compiled: Compiled) -> list[str]:
    """The instance types that agents may ask for."""
    types: set[str] = set()
    for agent in compiled.values():
        for function in agent.get("functions", ()):
            if agent["actions"][function["name"]].get("operation") == "run_instances":
                types.update(function["parameters"]["properties"]["instance_type"]["enum"])
    return sorted(types)


def secrets_named(compiled: Compiled) -> list[str]:
    """The secrets that actions use, by the names that the operator's page knows them by."""
    return _of_actions(compiled, lambda action: [action["secret"]] if "secret" in action else [])


def hosts_of(compiled: Compiled) -> list[str]:
    """The hosts that actions may reach."""
    return _of_actions(compiled, lambda action: action.get("hosts", []))


def groups_named(compiled: Compiled) -> list[str]:
    """The groups of people that agents' access names."""
    access = [agent.get("access", {}) for agent in compiled.values()]
    return sorted({group for said in access for groups in said.values() for group in groups})


def uses_python(compiled: Compiled) -> bool:
    """Whether an agent runs Python, which needs the sandbox."""
    return any(
        agent.get("notebook")
        or any(action["kind"] in RUN_PYTHON for action in agent.get("actions", {}).values())
        for agent in compiled.values()
    )


def modules_named(compiled: Compiled) -> dict[str, str]:
    """The SHA-256 of every Python file of the operator, by its name in the manifests."""
    return {
        action["file"]: action["sha256"]
        for agent in compiled.values()
        for action in agent.get("actions", {}).values()
        if action["kind"] == "module" and "sha256" in action
    }


def _of_actions(compiled: Compiled, named: Any) -> list[str]:
    return sorted(
        {
            name
            for agent in compiled.values()
            for action in agent.get("actions", {}).values()
            for name in named(action)
        }
    )
