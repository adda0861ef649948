"""`make cost`: write docs/cost.md from the template, the state machine and a recorded conversation."""

import sys
import tempfile
from pathlib import Path

from benchmarks.cost import bill
from benchmarks.cost.conversation import record, record_sweep
from benchmarks.cost.report import Counted, page
from benchmarks.cost.stack import synthesize, transitions
from infra.page import ROOT

FILE = ROOT / "docs" / "cost.md"


def count() -> Counted:
    """Everything the page says, counted anew."""
    with tempfile.TemporaryDirectory() as directory:
        stack = synthesize(Path(directory))
    return Counted(stack, transitions(), record(), record_sweep())


def main() -> int:
    counted = count()
    FILE.write_text(page(counted), encoding="utf-8")
    talk, idle = bill.total(counted.conversations), bill.total(counted.idle_month)
    print(f"1,000 conversations {talk:.2f} USD, an idle month {idle:.2f} USD: {FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
