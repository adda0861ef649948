"""`make bench`: the benchmark suite against peers, with the product plugged in through its real handlers.

The suite lies outside this repository; its folder is the first argument. Further words name measurements
(`cold`, `warm`, `growth`, `pause`, `sizes`; none: all of them).
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main(arguments: list[str]) -> int:
    suite = Path(arguments[0] if arguments else "../shared/bench").resolve()
    if not (suite / "run.sh").is_file():
        print(
            f"skipped: there is no benchmark suite in {suite}; name its folder with make bench BENCH=…"
        )
        return 0
    environment = {
        **os.environ,
        "ALLOWED_CIDRS": "",
        "BENCH_HOME": str(ROOT / "build" / "bench"),
        "BENCH_PRODUCT": str(ROOT / "benchmarks" / "product.py"),
        "BENCH_PRODUCT_PYTHON": sys.executable,
        "PYTHONPATH": str(ROOT),
    }
    (ROOT / "build").mkdir(exist_ok=True)
    built = subprocess.run(["sh", str(suite / "setup.sh")], env=environment, check=False)  # noqa: S603, S607
    if built.returncode != 0:
        print("some contenders could not be installed; they are left out")
    measured = arguments[1:] or ["all"]
    return max(
        subprocess.run(["sh", str(suite / "run.sh"), name], env=environment, check=False).returncode  # noqa: S603, S607
        for name in measured
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
