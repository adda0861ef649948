"""A function of the operator's Python file, called in the sandbox with the model's arguments."""

import hashlib
import json
import os
import select
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.run_code.failure import RunFailed, ended
from functions.run_code.files import File
from functions.run_code.limits import Limits
from functions.run_code.marks import OUTPUT_BYTES
from functions.run_code.outputs import shortened
from functions.run_code.sandbox import START_SECONDS, started

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
    result, write_end = os.pipe()
    call = {
        "file": module.file,
        "source": module.source,
        "function": function,
        "arguments": arguments,
    }
    try:
        with started(
            "module",
            confinement=confinement,
            limits_of_run=allowed,
            files=files,
            order={"call": call, "result": write_end},
            passed_on=(write_end,),
        ) as run:
            os.close(write_end)
            write_end = -1
            text = _read(result, allowed)
            if not text.strip():
                run.wait_for("ended", START_SECONDS)
    finally:
        os.close(result)
        if write_end >= 0:
            os.close(write_end)
    return _told(text, module, function, allowed)


def check(module: Module, function: str) -> None:
    """Raises `RunFailed` unless the file is the deployed one and the function one that may be called."""
    if module.needs_network:
        raise RunFailed("module_needs_network", NEEDS_NETWORK.format(file=module.file))
    if hashlib.sha256(module.source.encode("utf-8")).hexdigest() != module.sha256:
        raise RunFailed("module_changed", CHANGED.format(file=module.file))
    if function not in module.declared or function.startswith("_"):
        raise RunFailed("not_declared", NOT_DECLARED.format(function=function[:64]))


def _read(result: int, allowed: Limits) -> bytes:
    """All that is written there; the function's own seconds begin with the first sign of it."""
    pieces: list[bytes] = []
    until = time.monotonic() + START_SECONDS
    while True:
        left = until - time.monotonic()
        readable, _, _ = select.select([result], [], [], max(0.0, left))
        if not readable:
            raise ended("time", seconds=allowed.seconds, memory_mb=allowed.memory_mb)
        piece = os.read(result, 65536)
        if not piece:
            return b"".join(pieces)
        if not pieces:
            until = time.monotonic() + allowed.seconds
        pieces.append(piece)
        if sum(map(len, pieces)) > OUTPUT_BYTES:
            raise ended("output", seconds=allowed.seconds, memory_mb=allowed.memory_mb)


def _told(text: bytes, module: Module, function: str, allowed: Limits) -> Called:
    """The child's answer, which is no more to be trusted than the code that may have written it."""
    try:
        answer = json.loads(text)
        status, said, message = answer["status"], answer.get("text"), answer.get("message")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ended("protocol", seconds=allowed.seconds, memory_mb=allowed.memory_mb) from error
    if answer.get("code") == "no_such_function":
        sentence = NO_SUCH_FUNCTION.format(file=module.file, function=function)
        raise RunFailed("no_such_function", sentence)
    succeeded = status == "succeeded"
    return Called(
        "succeeded" if succeeded else "failed",
        shortened(str(said)),
        "" if succeeded else "python_error",
        shortened(message) if isinstance(message, str) else None,
    )
