"""Calls one function of a Python file, in the confined process alone."""

import json
import os
import sys
import traceback
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NAME = "module"


def run(call: Mapping[str, Any], result: int) -> None:
    """Write to `result` that it begins, and what came of the call: its value, or the error it ended with."""
    os.write(result, b'{"begun": true}\n')
    try:
        said = _called(call)
    except Exception as error:  # noqa: BLE001
        # Whatever the file raises is its author's to read.
        said = {"status": "failed", "text": _told(error, call["file"])}
    with os.fdopen(result, "w", encoding="utf-8", errors="replace") as answer:
        answer.write(json.dumps(said, ensure_ascii=False) + "\n")


def _called(call: Mapping[str, Any]) -> Mapping[str, Any]:
    module = types.ModuleType(NAME)
    module.__file__ = str(Path(call["file"]).name)
    sys.modules[NAME] = module
    exec(compile(call["source"], call["file"], "exec"), module.__dict__)  # noqa: S102
    function = getattr(module, call["function"], None)
    if not isinstance(function, types.FunctionType) or function.__module__ != NAME:
        return {"status": "failed", "code": "no_such_function"}
    answer = function(**call["arguments"])
    value, message = answer if isinstance(answer, tuple) and len(answer) == 2 else (answer, None)
    return {
        "status": "succeeded",
        "text": _as_text(value),
        "message": message if isinstance(message, str) else None,
    }


def _as_text(value: Any) -> str:
    if value is None:
        return "Done"
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value)
    except (TypeError, ValueError):
        return str(value)


def _told(error: Exception, file: str) -> str:
    """The traceback from the file's own lines on."""
    whole = traceback.TracebackException.from_exception(error)
    while whole.stack and whole.stack[0].filename != file:
        whole.stack.pop(0)
    return "".join(whole.format())
