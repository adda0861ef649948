"""A function of the operator's Python file, called in the sandbox with the model's arguments."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.run_code.failure import RunFailed
from functions.run_code.files import File
from functions.run_code.limits import Limits
from functions.run_code.marks import OUTPUT_BYTES
from functions.run_code.outputs import DONE, shortened
from functions.run_code.sandbox import Run, started

NEEDS_NETWORK = "The file {file} needs the network, and Python has none here: use an action of kind rest instead."
CHANGED = "The file {file} is not the one that the operator has deployed."
NOT_DECLARED = "The function {function!r} is not declared by the agent."
NO_SUCH_FUNCTION = "The file {file} has no function {function!r} of its own."


@dataclass(frozen=True, slots=True)
class Module:
    """The file, and what of it may be called."""

    file: str
    source: str
    sha256: str
    declared: frozenset[str]
    needs_network: bool


@dataclass(frozen=True, slots=True)
class Called:
    status: str
    text: str
    code: str = ""
    message: str | None = None


def call_function(
    module: Module,
    function: str,
    arguments: Mapping[str, Any],
    *,
    files: Sequence[File],
    allowed: Limits,
    confinement: str,
) -> Called:
    """What the function gave; raises `RunFailed` where it may not be called."""
    check(module, function)
    call = {
        "file": module.file,
        "source": module.source,
        "function": function,
        "arguments": arguments,
    }
    with started(
        "module",
        confinement=confinement,
        limits_of_run=allowed,
        files=files,
        order={"call": call},
    ) as run:
        begun = run.await_begin()
        run.said.grant(OUTPUT_BYTES)
        answer = run.word(begun + allowed.seconds)
        return _told(answer, run, module, function)


def check(module: Module, function: str) -> None:
    """Raises `RunFailed` unless the file is the deployed one and the function one that may be called."""
    if module.needs_network:
        raise RunFailed("module_needs_network", NEEDS_NETWORK.format(file=module.file))
    if hashlib.sha256(module.source.encode("utf-8", "replace")).hexdigest() != module.sha256:
        raise RunFailed("module_changed", CHANGED.format(file=module.file))
    if function not in module.declared or function.startswith("_"):
        raise RunFailed("not_declared", NOT_DECLARED.format(function=function[:64]))


def _told(answer: Mapping[str, Any], run: Run, module: Module, function: str) -> Called:
    """The child's answer, which is no more to be trusted than the code that may have written it."""
    status, said, message = answer.get("status"), answer.get("text"), answer.get("message")
    if answer.get("code") == "no_such_function":
        sentence = NO_SUCH_FUNCTION.format(file=module.file, function=function)
        raise RunFailed("no_such_function", sentence)
    if status not in ("succeeded", "failed") or not isinstance(said, str):
        raise run.ended("protocol")
    return Called(
        status,
        shortened(said) or DONE,
        "" if status == "succeeded" else "python_error",
        shortened(message) if isinstance(message, str) else None,
    )
