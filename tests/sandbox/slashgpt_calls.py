"""The sandbox behind SlashGPT's notebooks and modules, in this process, with a child per call."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from functions.chat.rooms import Result
from functions.chat.tool_calls import CheckedCall
from functions.run_code.failure import RunFailed
from functions.run_code.handler import handler, settings
from functions.shared.code_forms import NoCode, code_of
from functions.shared.sandbox_settings import RunCodeSettings

SECONDS = 30
MEMORY_MB = 1536
NOT_THERE = "The file {file} of this function is not there, so that it cannot run."


def run_in_sandbox(call: CheckedCall, root: Path) -> Result:
    """What the call of a notebook or a module gives in a conversation that has just begun."""
    assert call.action is not None
    try:
        event = _notebook(call) if call.action.kind == "notebook" else _module(call, root)
    except RunFailed as failed:
        return Result("failed", failed.text())
    except NoCode as failed:
        return Result("failed", str(failed))
    with _settings():
        answer = handler({"v": 1, "seconds": SECONDS, **event}, None)
    # A traceback is the notebook's result, as it is in SlashGPT: the model reads it and mends its code.
    has_run = answer["status"] == "succeeded" or answer["code"] == "python_error"
    return Result("succeeded" if has_run else "failed", answer["text"])


def _notebook(call: CheckedCall) -> dict[str, Any]:
    return {"kind": "notebook", "code": code_of(call.name, call.arguments or {})}


def _module(call: CheckedCall, root: Path) -> dict[str, Any]:
    assert call.action is not None
    file = str(call.action.values["file"])
    sha256 = call.action.values.get("sha256")
    if not sha256:
        raise RunFailed("module_missing", NOT_THERE.format(file=file))
    return {
        "kind": "module",
        "file": file,
        "source": (root / file).read_text(encoding="utf-8"),
        "sha256": sha256,
        "function": call.name,
        "arguments": call.arguments or {},
        "declared": [call.name],
    }


@contextmanager
def _settings() -> Iterator[None]:
    """As on a laptop: namespaces where there are some."""
    deployed = RunCodeSettings(
        stage="local", confinement="unconfined", seconds=SECONDS, memory_mb=MEMORY_MB
    )
    with pytest.MonkeyPatch.context() as patch:
        for name, value in deployed.environment().items():
            patch.setenv(name, value)
        settings.cache_clear()
        yield
    settings.cache_clear()
