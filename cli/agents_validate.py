"""`agents validate FILE|DIR`: everything that is wrong with one manifest or with every one below a folder."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from infra.manifests.compile import Verdict, compile_manifest, is_manifest
from infra.manifests.problems import Problem, printable

MODULES = """\
Python is deployed only as you have read it; when you have, this stands in countersign.yaml:
sandbox:
  modules:"""
RESOURCES = "resources"
"""What a folder is called that holds the files which manifests name."""


def run(path: Path, root: Path | None, *, as_json: bool) -> int:
    """Print what was found; 1 where a manifest cannot be used."""
    verdicts = list(judged(path, root))
    loaded = sum(verdict.agent is not None for verdict in verdicts)
    failed = [problem for verdict in verdicts for problem in verdict.problems]
    warnings = [problem for verdict in verdicts for problem in verdict.warnings]
    modules = dict.fromkeys(
        (verdict.code.module.file, verdict.code.module.sha256)
        for verdict in verdicts
        if verdict.agent is not None and verdict.code.module is not None
    )
    if not verdicts:
        failed = [Problem(str(path), "no_manifest", "there is no manifest")]
    if as_json:
        told = {
            "loaded": loaded,
            "failed": [problem.value() for problem in failed],
            "warnings": [problem.value() for problem in warnings],
            "modules": [{"file": file, "sha256": sha256} for file, sha256 in modules],
        }
        print(json.dumps(told, ensure_ascii=False))
        return 1 if failed else 0
    for problem in warnings:
        print(f"warning: {problem}", file=sys.stderr)
    for problem in failed:
        print(f"error: {problem}", file=sys.stderr)
    agents = "1 agent" if loaded == 1 else f"{loaded} agents"
    refused = len(verdicts) - loaded
    print(f"{agents} can be used" + (f", {refused} cannot." if refused else "."))
    if modules:
        print(MODULES)
    for file, sha256 in modules:
        print(printable(f"    {json.dumps(file, ensure_ascii=False)}: {json.dumps(sha256)}"))
    return 1 if failed else 0


def judged(path: Path, root: Path | None) -> Iterator[Verdict]:
    """The verdict on one file, or on every manifest below a folder; each folder is a set of its own."""
    for file in manifests_of(path):
        yield compile_manifest(file, root=root, shown=str(file))


def manifests_of(path: Path) -> Iterator[Path]:
    """The file itself, or the manifests below a folder; links to folders are not followed."""
    if not path.is_dir():
        yield path
        return
    for entry in sorted(path.iterdir()):
        if entry.is_dir():
            if (
                entry.name != RESOURCES
                and not entry.name.startswith(".")
                and not entry.is_symlink()
            ):
                yield from manifests_of(entry)
        elif is_manifest(entry):
            yield entry
