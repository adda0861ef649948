"""How long the sandbox takes: a first and a later cell, a replay of 50 cells, a snapshot, a large file."""

import base64
import gzip
import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import Any

from functions.run_code.handler import handler
from functions.shared.observe import logger
from functions.shared.sandbox_settings import RunCodeSettings

TIMES = 3
FRAME = "import numpy as np, pandas as pd\ndf = pd.DataFrame(np.random.default_rng(1).random((16_000, 8)))"
ROWS = "".join(f"{number},name {number},{number / 7:.6f}\n" for number in range(310_000))
READING = "import pandas as pd\nlen(pd.read_csv('rows.csv'))"


def main() -> None:
    """Print a table of medians; nothing is left behind."""
    settings = RunCodeSettings(stage="local", confinement="namespaces", seconds=30, memory_mb=1536)
    os.environ.update(settings.environment())
    logger.setLevel("ERROR")
    with tempfile.TemporaryDirectory() as directory:
        tempfile.tempdir = directory
        rows = {
            name: statistics.median(map(_seconds, [ask] * TIMES)) for name, ask in _asked().items()
        }
    print("| run | seconds |\n| --- | --- |")
    for name, seconds in rows.items():
        print(f"| {name} | {seconds:.2f} |")


def _asked() -> Mapping[str, Callable[[], Any]]:
    packed = base64.b64encode(gzip.compress(f"id,name,value\n{ROWS}".encode())).decode()
    fifty = [{"source": f"x{number} = {number}"} for number in range(50)]
    dear = _run(f"import time\ntime.sleep(3)\n{FRAME}")
    cells = [{"source": FRAME}]
    return {
        "a cell, the kernel's start included": lambda: _run("6 * 7"),
        "pandas and a plot": lambda: _run("import pandas as pd\npd.Series([1, 2]).plot();"),
        "after 50 cells that run again": lambda: _run("x49", cells=fifty),
        "after a frame of 1 MB that is made again": lambda: _run("df.shape", cells=cells),
        "after a snapshot of a frame of 1 MB": lambda: _run(
            "df.shape", cells=cells, snapshot=dear["snapshot"]
        ),
        "a CSV of 10 MB is read": lambda: _run(
            READING, files=[{"name": "rows.csv", "content": packed}]
        ),
        "a function of a file": _call,
    }


def _run(code: str, **more: Any) -> dict[str, Any]:
    answer = handler({"v": 1, "kind": "notebook", "code": code, **more}, None)
    if answer["status"] != "succeeded":
        raise SystemExit(answer["text"])
    return answer


def _call() -> None:
    source = "def f(): return 1"
    event = {
        "v": 1,
        "kind": "module",
        "file": "f.py",
        "source": source,
        "sha256": hashlib.sha256(source.encode()).hexdigest(),
        "function": "f",
        "arguments": {},
        "declared": ["f"],
    }
    if handler(event, None)["text"] != "1":
        raise SystemExit("The function did not answer.")


def _seconds(ask: Callable[[], Any]) -> float:
    begun = time.monotonic()
    ask()
    return time.monotonic() - begun


if __name__ == "__main__":
    main()
