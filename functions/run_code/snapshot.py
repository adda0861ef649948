"""The names of a notebook as bytes, made and read in the confined process alone: reading them runs code.

What cannot be written this way is not guessed at: without a snapshot the cells are run again.
"""

import base64
import io
import pickle
from pathlib import Path
from typing import Any

import cloudpickle
from IPython.core.getipython import get_ipython
from IPython.display import display

from functions.run_code.marks import SNAPSHOT, SNAPSHOT_BYTES


class _TooLong(Exception):
    """More than a snapshot may hold."""


class _Bounded(io.BytesIO):
    def write(self, piece: Any) -> int:
        # An array comes as a buffer, which has no length of its own.
        if self.tell() + memoryview(piece).nbytes > SNAPSHOT_BYTES:
            raise _TooLong
        return super().write(piece)


def take(given: list[str]) -> None:
    """Show the names as a snapshot, if they can be had whole and the cells left no files behind."""
    made = {str(path) for path in Path().rglob("*") if path.is_file()}
    if made != set(given):
        return
    shell: Any = get_ipython()
    hidden = shell.user_ns_hidden
    names = {
        name: value
        for name, value in shell.user_ns.items()
        if not name.startswith("_") and not (name in hidden and hidden[name] is value)
    }
    written = _Bounded()
    try:
        cloudpickle.dump({"count": shell.execution_count, "names": names}, written)
    except (_TooLong, pickle.PicklingError, TypeError, AttributeError, ValueError, RecursionError):
        return
    text = base64.b64encode(written.getvalue()).decode()
    display({SNAPSHOT: text}, raw=True)


def restore(text: str) -> None:
    """Put the names of a snapshot back."""
    read = pickle.loads(base64.b64decode(text))  # noqa: S301
    shell: Any = get_ipython()
    shell.user_ns.update(read["names"])
    shell.execution_count = read["count"]
