"""Python of agents on this machine: whether it can be confined here, and what the page says of it."""

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from infra.agents import Compiled, modules_named, uses_python
from infra.interpreter import host_target
from infra.packages import Packages
from local.programs import EMULATOR_PYTHON, ROOT, plain_environment
from local.refusal import CannotRun

ROOM = "run_code"
CONFINED = "python:  confined: no network, no files of yours, nothing of your environment"
UNCONFINED = "python:  NOT confined where this machine gives no namespaces: agents' code can read what you can read"
CANNOT_CONFINE = (
    "{agents} {run} Python, and this machine gives no namespaces to confine it: take the manifests away, "
    "or let agents' code read what you can read with `make local UNCONFINED=1`."
)
PREPARING = "preparing the sandbox's package, 190 MB: the first time takes a minute or two"
_TRY = "from functions.run_code.sandbox import has_namespaces as has; raise SystemExit(not has())"


def sandbox_page(
    written: Mapping[str, Any], agents: Compiled, *, is_unconfined: bool
) -> dict[str, Any]:
    """The page's lines on the sandbox: the home's own, with every Python file of the agents as it lies there now."""
    if not uses_python(agents):
        return dict(written)
    return {**written, "modules": modules_named(agents), "unconfined": is_unconfined}


def changed_modules(written: Mapping[str, Any], agents: Compiled) -> list[str]:
    """Of each Python file that the home's page lists with another hash: that a deployment would stop."""
    listed = written.get("modules")
    if not isinstance(listed, Mapping):
        return []
    return [
        f"{file} is not what countersign.yaml lists: a deployment stops there until it says {sha256}"
        for file, sha256 in modules_named(agents).items()
        if file in listed and listed[file] != sha256
    ]


def check_confinement(agents: Compiled, *, is_unconfined: bool) -> None:
    """Raises `CannotRun` where agents run Python that this machine cannot confine, and nobody has allowed that."""
    if is_unconfined or not uses_python(agents) or has_namespaces():
        return
    named = [id for id, agent in agents.items() if uses_python({id: agent})]
    raise CannotRun(
        CANNOT_CONFINE.format(agents=_listed(named), run="run" if len(named) > 1 else "runs")
    )


def prepare_package(agents: Compiled, tell: Callable[[str], None]) -> None:
    """Make the sandbox's package, which is kept, before the synth, which says nothing meanwhile."""
    if uses_python(agents):
        tell(PREPARING)
        Packages(target=host_target(str(EMULATOR_PYTHON)), agents=b"").zip_of(ROOM)


@cache
def has_namespaces() -> bool:
    """Whether this machine can confine Python; tried once, in a process of its own, since trying hides who tries."""
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", _TRY],
        cwd=ROOT,
        env=plain_environment(),
        capture_output=True,
        check=False,
    )
    return ran.returncode == 0


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
