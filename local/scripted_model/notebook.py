"""How the scripted model uses a notebook: it loads a table, looks at it and plots it, by a few words it knows."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from local.scripted_model.request import text_of

FUNCTIONS = ("run_python_code", "python")
HOW_TO_TRY = (
    "I am a small scripted model: I run a few lines of Python. "
    'Try: "load {file}", "how many rows?", "what columns?", "describe it", or "plot it".'
)

Call = tuple[str, Mapping[str, Any]]

_TABLE = re.compile(r"[^\s\"'/]+\.[ct]sv\b", re.IGNORECASE)
_LISTED = re.compile(r"\"(?:[^\"\\]|\\.)+\.[ct]sv\"", re.IGNORECASE)
_LINES = (
    (re.compile(r"\b(plot|chart|graph|draw|picture)\b", re.IGNORECASE), "plot"),
    (re.compile(r"\b(how many|shape|size)\b", re.IGNORECASE), "shape"),
    (re.compile(r"\b(columns|fields)\b", re.IGNORECASE), "columns"),
    (re.compile(r"\b(describe|summar\w+|average|mean)\b", re.IGNORECASE), "describe"),
    (re.compile(r"\b(load|read|open|head|first|show|look)\b", re.IGNORECASE), "head"),
)
_CODE = {
    "head": ("df.head()",),
    "shape": ("df.shape",),
    "columns": ("df.dtypes",),
    "describe": ("df.describe()",),
    "plot": (
        "import matplotlib.pyplot as plt",
        "ax = df.plot(y=df.select_dtypes('number').columns[-1])",
        "plt.show()",
    ),
}


def use_notebook(request: Mapping[str, Any]) -> str | list[Call] | None:
    """What to say or to call where there is a notebook; nothing where there is none."""
    function = _notebook_in(request)
    if function is None:
        return None
    messages: Sequence[Mapping[str, Any]] = request.get("messages") or ()
    last = messages[-1] if messages else {}
    if last.get("role") == "tool":
        return text_of(last)
    said = text_of(last)
    file, is_loaded = _file_of(messages), _is_loaded(messages)
    wanted = next((name for words, name in _LINES if words.search(said)), "")
    if not wanted or not (file or is_loaded):
        return HOW_TO_TRY.format(file=file or "your.csv")
    if is_loaded and not _TABLE.search(said):
        return [(function["name"], _arguments(function, _CODE[wanted], said))]
    separator = ", sep='\\t'" if file.lower().endswith("tsv") else ""
    load = ("import pandas as pd", f"df = pd.read_csv({file!r}{separator})")
    return [(function["name"], _arguments(function, (*load, *_CODE[wanted]), said))]


def _notebook_in(request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if request.get("tool_choice") == "none":
        return None
    offered = {
        function.get("name"): function
        for tool in request.get("tools") or ()
        for function in [tool.get("function") or {}]
    }
    return next((offered[name] for name in FUNCTIONS if name in offered), None)


def _arguments(function: Mapping[str, Any], lines: Sequence[str], said: str) -> Mapping[str, Any]:
    """Code as this function takes it: as lines or as one text, with what it is for where that is asked."""
    properties = (function.get("parameters") or {}).get("properties") or {}
    as_lines = (properties.get("code") or {}).get("type") == "array"
    code: Mapping[str, Any] = {"code": list(lines) if as_lines else "\n".join(lines)}
    return {**code, "query": said} if "query" in properties else code


def _file_of(messages: Sequence[Mapping[str, Any]]) -> str:
    """The table that was named last, or the last of those that lie there."""
    for message in reversed(messages):
        if message.get("role") == "user" and (named := _TABLE.findall(text_of(message))):
            return str(named[-1])
    listed = [name for message in messages for name in _listed_in(message)]
    return listed[-1] if listed else ""


def _listed_in(message: Mapping[str, Any]) -> Iterator[str]:
    """The names of tables in the prompt, quoted as the chat lists a conversation's files."""
    if message.get("role") == "system":
        yield from (json.loads(name) for name in _LISTED.findall(text_of(message)))


def _is_loaded(messages: Sequence[Mapping[str, Any]]) -> bool:
    return any(
        "read_csv" in call.get("function", {}).get("arguments", "")
        for message in messages
        for call in message.get("tool_calls") or ()
    )
