"""Countersigned Python: what people read of a notebook's cell, or of a call of the operator's own file."""

from collections.abc import Mapping
from typing import Any

from functions.shared.code_forms import DRAW, NoCode, text_of
from functions.shared.run_instances import BadArguments
from functions.shared.visible_text import oddities, visible, visible_code

NOTEBOOK, MODULE = "notebook", "module"
KINDS = (NOTEBOOK, MODULE)
CODE = "code"
"""The argument that holds code, and the form of a fact whose value is lines."""
SHOWN_BYTES = 32 * 1024
"""What people are shown of one call; only text full of marks comes near it."""
LABELS: Mapping[str, str] = {
    "runs": "Runs",
    "file": "File",
    "sha256": "SHA-256 of the file",
    "sandbox": "Where",
}
_CONFINED: Mapping[str, str] = {
    "vpc": "in the sandbox: no network, no rights in AWS",
    "namespaces": "in the sandbox on this machine: no network, no credentials",
    "unconfined": "on this machine, NOT fully confined",
}


_ODD: Mapping[str, str] = {
    "hidden": "Hidden characters in lines",
    "look_alike": "Look-alike letters in lines",
    "below": "Below many empty lines",
}


def check(arguments: Mapping[str, Any]) -> None:
    """Whether a notebook's call holds code that people can read; raises `BadArguments`."""
    try:
        code = text_of(arguments)
    except NoCode as error:
        raise BadArguments(str(error)) from error
    if len(visible_code(code).encode("utf-8", "replace")) > SHOWN_BYTES:
        raise BadArguments(
            "The code holds too many hidden characters for a person to read it; write them as escapes."
        )


def words(call: Mapping[str, Any]) -> str:
    """What the call does, as the rest of a sentence: `run Python in the conversation's notebook (python)`."""
    function = visible(str(call.get("function")))
    if call.get("operation") == MODULE:
        return f"run {function} of the file {visible(file_of(call))}"
    what = "draw a diagram" if call.get("function") == DRAW else "run Python"
    return f"{what} in the conversation's notebook ({function})"


def fixed(call: Mapping[str, Any]) -> dict[str, str]:
    """What an approver has to know of where it runs: only what the plan holds."""
    function, sandbox = visible(str(call.get("function"))), sandbox_of(call)
    place = _CONFINED.get(str(sandbox.get("confinement")), "in the sandbox")
    seconds = f", at most {sandbox['seconds']} seconds" if "seconds" in sandbox else ""
    where = {"sandbox": place + seconds}
    if call.get("operation") == MODULE:
        action = call.get("parameters", {}).get("action", {})
        pinned = {"sha256": visible(str(action["sha256"]))} if action.get("sha256") else {}
        runs = f"the function {function} of your operator's file"
        return {"runs": runs, "file": visible(file_of(call)), **pinned, **where}
    is_drawn = call.get("function") == DRAW
    runs = "a diagram is drawn" if is_drawn else "Python"
    return {"runs": f"{runs} in this conversation's notebook", **where}


def is_unconfined(call: Mapping[str, Any]) -> bool:
    """Whether the plan says that nothing may hold the code: then its place is a warning."""
    return sandbox_of(call).get("confinement") == "unconfined"


def code_rows(call: Mapping[str, Any]) -> list[dict[str, str]]:
    """The whole code of a notebook's call as it is shown, and where to look twice in it; empty where there is none."""
    if call.get("operation") != NOTEBOOK:
        return []
    try:
        code = text_of(call.get("arguments") or {})
    except NoCode:
        return []
    warnings = [
        {
            "key": f"code_{what}",
            "label": _ODD[what],
            "value": lines,
            "source": "countersign",
            "level": "warning",
        }
        for what, lines in oddities(code).items()
    ]
    row = {
        "key": CODE,
        "label": "Diagram" if call.get("function") == DRAW else "Code",
        "value": visible_code(code),
        "source": "model",
        "level": "plain",
        "form": CODE,
    }
    return [*warnings, row]


def file_of(call: Mapping[str, Any]) -> str:
    """The operator's file that a call of a module runs; empty for any other."""
    return str(call.get("parameters", {}).get("action", {}).get("file", ""))


def sandbox_of(call: Mapping[str, Any]) -> Mapping[str, Any]:
    """How it is confined and for how many seconds at most, where the plan says so."""
    sandbox: Mapping[str, Any] = call.get("parameters", {}).get("sandbox") or {}
    return sandbox
