"""A notebook as Jupyter's file (nbformat 4.5), written without Jupyter's libraries.

Outputs are as recorded; only what is not of the format, which hostile code can write, is left out or made text.
"""

import json
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from functions.shared.notebook import Cell, Notebook, Output, joined

OURS = "countersign"
"""Where a cell's metadata say what call it was."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_JSON = re.compile(r"application/(.*\+)?json")
_KEPT = ("display_data", "execute_result")


def ipynb(notebook: Notebook) -> bytes:
    """The file: code cells with their outputs; calls of modules, which cannot be run again, as raw text."""
    count = 0
    cells = []
    for cell in notebook.cells:
        if cell.kind == "notebook":
            count += 1
            cells.append(_code(cell, count))
        else:
            cells.append(_raw(cell))
    value = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def _code(cell: Cell, count: int) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": count,
        "id": _id(cell),
        "metadata": {OURS: _told(cell)},
        "outputs": list(_outputs(cell.outputs)),
        "source": cell.source,
    }


def _raw(cell: Cell) -> dict[str, Any]:
    return {
        "cell_type": "raw",
        "id": _id(cell),
        "metadata": {OURS: _told(cell)},
        "source": f"{cell.source}\n\n{cell.text}",
    }


def _id(cell: Cell) -> str:
    if _ID.fullmatch(cell.call_id):
        return cell.call_id
    return sha256(cell.call_id.encode("utf-8", "replace")).hexdigest()[:32]


def _told(cell: Cell) -> dict[str, str]:
    return {
        "call_id": cell.call_id,
        "agent": cell.agent,
        "function": cell.function,
        "status": cell.status,
        "created_at": cell.at,
    }


def _outputs(recorded: Iterable[Output]) -> Iterable[dict[str, Any]]:
    for output in recorded:
        kind = output.get("output_type")
        if kind == "stream":
            text = output.get("text", "")
            name = str(output.get("name", "stdout"))
            yield {
                "name": name,
                "output_type": kind,
                "text": text if _is_text(text) else joined(text),
            }
        elif kind == "error":
            lines = output.get("traceback", ())
            yield {
                "ename": str(output.get("ename", "")),
                "evalue": str(output.get("evalue", "")),
                "output_type": kind,
                "traceback": [line for line in _listed(lines) if isinstance(line, str)],
            }
        elif kind in _KEPT:
            yield _shown(kind, output)


def _shown(kind: str, output: Output) -> dict[str, Any]:
    data, metadata = output.get("data"), output.get("metadata")
    shown: dict[str, Any] = {
        "data": dict(_bundle(data)) if isinstance(data, Mapping) else {},
        "metadata": dict(metadata) if isinstance(metadata, Mapping) else {},
        "output_type": kind,
    }
    if kind == "execute_result":
        count = output.get("execution_count")
        shown["execution_count"] = count if type(count) is int and count >= 0 else None
    return shown


def _bundle(data: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for mime, part in data.items():
        is_of_the_format = _is_text(part) or _JSON.fullmatch(mime)
        yield mime, part if is_of_the_format else json.dumps(part, ensure_ascii=False)


def _is_text(part: object) -> bool:
    return isinstance(part, str) or (
        isinstance(part, list) and all(isinstance(line, str) for line in part)
    )


def _listed(value: object) -> Iterable[object]:
    return value if isinstance(value, list | tuple) else ()
