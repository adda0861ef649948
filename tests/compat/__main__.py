"""`make compat DIR=…`: a SlashGPT checkout, or a folder of recorded cases, through the product's own code.

Every manifest is loaded, every function of it is called once with made-up arguments, and the cases, conversations and
code blocks that lie there are compared. One line per difference; exit status 1 where there is one.
"""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cli.agents_validate import manifests_of
from functions.shared.agent import Agent
from functions.shared.kinds import KINDS, Place
from infra.manifests.compile import compile_manifest
from tests.compat import adapter, loops
from tests.compat.examples import arguments_for
from tests.compat.sandboxed import runs_python

LEFT_OUT = "left out, since Python is confined by Linux's namespaces and this machine has none"
NEVER = ("broke_off", "no_confinement", "no_python", "sandbox_unavailable", "ended_early")
"""What the sandbox never answers while it works."""
REPLY = {"status": 200, "text": '{"data": {"stub": true}}'}


class EverySecret(dict[str, str]):
    """An environment in which every secret has a value."""

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ARG002
        return "k3y"


def main(arguments: list[str]) -> int:
    """Say what differs, and how much was looked at."""
    parser = argparse.ArgumentParser(prog="python -m tests.compat", description=main.__doc__)
    parser.add_argument("directory", type=Path, help="holds manifests/, and perhaps cases*.jsonl")
    root = parser.parse_args(arguments).directory.resolve()
    os.environ["COMPAT_DIRECTORY"] = str(root)
    counted: Counter[str] = Counter()
    differences = [
        *manifests(root, counted),
        *cases(root, counted),
        *recorded(root, counted),
    ]
    for difference in differences:
        print(f"differs: {difference}")
    looked_at = ", ".join(f"{number} {what}" for what, number in sorted(counted.items()))
    print(f"{looked_at}; {len(differences)} differ.")
    return 1 if differences else 0


def manifests(root: Path, counted: Counter[str]) -> Iterator[str]:
    """Every manifest loads, or says why not; every call gives a result that the model can read."""
    for file in manifests_of(root / "manifests"):
        path = str(file.relative_to(root))
        verdict = compile_manifest(file, root=root, shown=path)
        counted["manifests"] += 1
        if verdict.agent is None:
            counted["manifests refused by name"] += 1
            yield from (str(problem) for problem in verdict.problems)
            continue
        agent = Agent.of(verdict.id, verdict.agent)
        for name, function in agent.functions.items():
            said = adapter.ran(
                root, path, name, json.dumps(arguments_for(function)), EverySecret(), REPLY
            )
            action = agent.actions.get(name)
            kind = action.kind if action is not None else "none"
            counted[f"calls of {kind}"] += 1
            place = Place.CLIENT if action is None else KINDS[action.kind].place
            if has_gone_wrong(said, place) and not said["emit"]:
                yield f"{path}: {name}: {said['result_text'][:200]}"


def has_gone_wrong(said: Mapping[str, Any], place: Place) -> bool:
    """Whether the call failed for another reason than that its arguments are made up."""
    if place is Place.SANDBOX and runs_python():
        return any(f'"code": "{code}"' in said["result_text"] for code in NEVER)
    return "error" in said and place not in (Place.SANDBOX, Place.CLIENT)


def cases(root: Path, counted: Counter[str]) -> Iterator[str]:
    """Single calls, by the judge that lies beside them."""
    files = sorted(root.glob("cases*.jsonl"))
    if not files or not (root / "compare.py").exists():
        return
    sys.path.insert(0, str(root))
    import compare  # type: ignore[import-not-found]

    for case in (case for file in files for case in loops.cases_in(file)):
        counted["cases"] += 1
        if loops.needs_python(case, root) and not runs_python():
            counted[LEFT_OUT] += 1
            continue
        written = case["arguments"]
        text = written if isinstance(written, str) else json.dumps(written, ensure_ascii=False)
        told = adapter.run(
            case["manifest_path"], case["function"], text, case["env"], case["stub_reply"], ""
        )
        if difference := compare.judge(case, told):
            yield f"{case['id']}: {difference}"


def recorded(root: Path, counted: Counter[str]) -> Iterator[str]:
    """Whole conversations, and fenced answers."""
    for file in sorted(root.glob("loops*.jsonl")):
        for case in loops.cases_in(file):
            counted["conversations"] += 1
            if loops.needs_python(case, root) and not runs_python():
                counted[LEFT_OUT] += 1
            elif difference := loops.judge(case, root):
                yield f"{case['id']}: {difference}"
    for file in sorted(root.glob("codeblocks*.jsonl")):
        for case in loops.cases_in(file):
            counted["code blocks"] += 1
            if difference := loops.judge_code_block(case):
                yield f"{case['id']}: {difference}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
