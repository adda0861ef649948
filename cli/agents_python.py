"""`agents call` for functions that run Python: in the sandbox on this machine, without a conversation."""

import base64
import compileall
import importlib.util
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from functions.shared.agent import Action
from functions.shared.code_forms import NoCode, code_of
from functions.shared.sandbox_settings import RunCodeSettings
from infra.manifests.code import Code

KINDS = ("notebook", "module")
SECONDS = 30
MEMORY_MB = 1536
LIBRARIES = ("IPython", "ipykernel", "matplotlib", "numpy", "pandas", "traitlets", "zmq")
NOT_BEGUN = ("no_confinement", "no_python")
COMPILES = "Python's libraries are compiled, once ..."
NOT_THERE = "The file {file} of this function is not there, so that it cannot run."


class NotRun(Exception):
    """Why Python was not even begun; the message is one line for the author."""


def planned(action: Action, function: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What would run, as a JSON value; raises `NotRun`."""
    if action.kind == "notebook":
        return {"code": _code(function, arguments)}
    file = {name: action.values.get(name) for name in ("file", "sha256")}
    return {**file, "function": function, "arguments": dict(arguments)}


def ran(
    action: Action,
    function: str,
    arguments: Mapping[str, Any],
    code: Code,
    *,
    is_unconfined: bool,
) -> tuple[bool, str]:
    """Whether it succeeded, and the text that the model would read; raises `NotRun`."""
    if action.kind == "notebook":
        asked: dict[str, Any] = {"kind": "notebook", "code": _code(function, arguments)}
    elif code.module is None:
        raise NotRun(NOT_THERE.format(file=action.values.get("file")))
    else:
        module = code.module
        asked = {
            "kind": "module",
            "file": module.file,
            "source": module.source,
            "sha256": module.sha256,
            "function": function,
            "arguments": dict(arguments),
            "declared": [function],
        }
    files = [
        {"name": one.name, "content": base64.b64encode(one.packed).decode("ascii")}
        for one in code.resources
    ]
    compile_libraries()
    answer = _answer({"v": 1, "seconds": SECONDS, "files": files, **asked}, is_unconfined)
    if answer["code"] in NOT_BEGUN:
        raise NotRun(json.loads(answer["text"])["error"])
    message = answer.get("message") if answer["status"] == "succeeded" else None
    text = f"{answer['text']}\n{message}" if message else str(answer["text"])
    return answer["status"] == "succeeded", text


def compile_libraries() -> None:
    """A confined process cannot write what it compiles: without this, each would compile everything again."""
    compiled = Path("__pycache__") / f"__init__.{sys.implementation.cache_tag}.pyc"
    folders = [
        Path(found.origin).parent
        for found in map(importlib.util.find_spec, LIBRARIES)
        if found is not None and found.origin is not None
    ]
    fresh = [folder for folder in folders if not (folder / compiled).exists()]
    if fresh:
        print(COMPILES, file=sys.stderr)
    for folder in fresh:
        compileall.compile_dir(folder, quiet=2, rx=re.compile(r"/tests?/"), workers=0)


def _answer(event: Mapping[str, Any], is_unconfined: bool) -> Mapping[str, Any]:
    """The sandbox's own, which reads its settings from the environment as it does in a Lambda."""
    from functions.run_code.handler import handler, settings

    deployed = RunCodeSettings(
        stage="local",
        confinement="unconfined" if is_unconfined else "namespaces",
        seconds=SECONDS,
        memory_mb=MEMORY_MB,
    )
    before = dict(os.environ)  # noqa: TID251
    os.environ.update(deployed.environment())  # noqa: TID251
    settings.cache_clear()
    try:
        return handler(event, None)
    finally:
        settings.cache_clear()
        os.environ.clear()  # noqa: TID251
        os.environ.update(before)  # noqa: TID251


def _code(function: str, arguments: Mapping[str, Any]) -> str:
    try:
        return code_of(function, arguments)
    except NoCode as error:
        raise NotRun(str(error)) from error
