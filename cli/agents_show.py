"""`agents show FILE`: one agent as the model, the approver and a reviewer of rights will meet it."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from functions.shared.agent import Agent
from infra.agents import hosts_of, modules_named, secrets_named
from infra.manifests.compile import compile_manifest
from infra.manifests.problems import printable
from infra.manifests.rights import statements_of


def run(file: Path, root: Path | None, *, iam: bool) -> int:
    """Print the agent; 1 where the manifest cannot be used."""
    verdict = compile_manifest(file, root=root, shown=str(file))
    if verdict.agent is None:
        for problem in verdict.problems:
            print(f"error: {problem}", file=sys.stderr)
        return 1
    if iam:
        policy = {"Version": "2012-10-17", "Statement": statements_of(verdict.agent)}
        print(json.dumps(policy, indent=2, ensure_ascii=False))
        return 0
    for line in shown(verdict.id, verdict.agent):
        print(printable(line))
    for problem in verdict.warnings:
        print(f"warning: {problem}", file=sys.stderr)
    return 0


def python_of(compiled: Mapping[str, Any]) -> Iterator[str]:
    """A notebook, and the file by the hash that the operator's page lists it by."""
    alone = {"agent": dict(compiled)}
    modules = modules_named(alone)
    if compiled.get("notebook"):
        yield "a notebook"
    yield from (f"{file} {sha256}" for file, sha256 in modules.items())


def shown(agent_id: str, compiled: Mapping[str, Any]) -> Iterator[str]:
    """The page about one compiled agent, line by line."""
    agent = Agent.of(agent_id, compiled)
    yield f"{agent.id}: {agent.title}"
    yield f"manifest: version {agent.version}, digest {agent.digest}"
    yield "calls:"
    for name, action in agent.actions.items():
        kind = f"{action.kind} {action.operation}".rstrip()
        yield f"  {name}: {kind}, {'countersigned' if action.is_gated else 'not countersigned'}"
    if not agent.actions:
        yield "  none"
    alone = {agent.id: dict(compiled)}
    yield f"hosts: {', '.join(hosts_of(alone)) or 'none'}"
    yield f"secrets: {', '.join(secrets_named(alone)) or 'none'}"
    yield f"python: {', '.join(python_of(compiled)) or 'none'}"
    yield f"resources: {', '.join(compiled.get('resources', ())) or 'none'}"
    yield f"groups that use it: {', '.join(agent.use) or 'every requester'}"
    yield f"groups that approve: {', '.join(agent.approve) or 'every approver'}"
    yield "tools:"
    yield from json.dumps(agent.tools(), indent=2, ensure_ascii=False).split("\n")
