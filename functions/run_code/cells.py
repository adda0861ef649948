"""Runs a notebook's cells in a kernel beside it, inside the sandbox, and says over a pipe what came of them.

Only this process reads the kernel's messages; whoever asked reads the pipe.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from functions.run_code import limits, wire
from functions.run_code.confinement import Confinement
from functions.run_code.marks import SNAPSHOT

_MODULE = "__import__('functions.run_code.snapshot', fromlist=['snapshot'])"
PIECE_CHARACTERS = 32 * 1024
_NOT_SAID = frozenset({"comm_close", "comm_msg", "comm_open", "execute_input", "status"})


def run(order: Mapping[str, Any], confinement: Confinement) -> None:
    """Restore or run the earlier cells, run the new one, and offer a snapshot for as long as somebody listens."""
    place, key, result = tempfile.gettempdir(), uuid4().hex, order["result"]
    kernel_id = os.fork()
    if kernel_id == 0:
        os.close(result)
        confinement.hold()
        _serve(place, key, confinement)
    confinement.hold()
    say = _Saying(result)
    with wire.connected(place, key, kernel_id) as kernel:
        say(begun=True)
        first = _restored(kernel, order, say)
        for source in order["cells"][first:]:
            say(replayed=kernel.execute(source, _unheard))
        say(ended=kernel.execute(order["code"], say.heard))
        _take(kernel, order, say)


class _Saying:
    def __init__(self, result: int) -> None:
        self._result = result

    def heard(self, kind: str, content: Mapping[str, Any]) -> None:
        """Pass on what the kernel publishes; long texts in pieces, so that some of one that is too long arrives."""
        text = content.get("text")
        if kind == "stream" and isinstance(text, str):
            for begin in range(0, len(text), PIECE_CHARACTERS):
                piece = {**content, "text": text[begin : begin + PIECE_CHARACTERS]}
                self(kind=kind, content=piece)
        elif kind not in _NOT_SAID:
            self(kind=kind, content=content)

    def __call__(self, **word: Any) -> None:
        line = json.dumps(word, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        while line:
            line = line[os.write(self._result, line) :]


def _serve(place: str, key: str, confinement: Confinement) -> None:
    """Be the kernel, which keeps nothing to itself."""
    from functions.run_code import kernel

    limits.show()
    try:
        kernel.serve(place, key, confinement.close)
    finally:
        os._exit(0)


def _restored(kernel: wire.Kernel, order: Mapping[str, Any], say: _Saying) -> int:
    """How many cells need not run again."""
    snapshot = order.get("snapshot")
    if snapshot is None:
        return 0
    answer = kernel.execute(f"{_MODULE}.restore({snapshot['content']!r})", _unheard, silent=True)
    say(restored=answer == "ok")
    return int(snapshot["cells"]) if answer == "ok" else 0


def _take(kernel: wire.Kernel, order: Mapping[str, Any], say: _Saying) -> None:
    def hear(_: str, content: Mapping[str, Any]) -> None:
        if SNAPSHOT in content.get("data", {}):
            say(snapshot=content["data"][SNAPSHOT])

    kernel.execute(f"{_MODULE}.take({order['given']!r})", hear, silent=True)


def _unheard(kind: str, content: Mapping[str, Any]) -> None:
    """Earlier cells' outputs are on record."""
