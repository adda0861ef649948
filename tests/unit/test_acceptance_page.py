"""docs/acceptance.md names tests that exist, for every check."""

import re

from infra.page import ROOT

PAGE = (ROOT / "docs" / "acceptance.md").read_text(encoding="utf-8")


def test_every_check_has_a_row_with_a_test():
    rows = re.findall(r"^\| (EC2-\d\d) \|.*`tests/\S+::test_\S+`", PAGE, re.MULTILINE)
    assert rows == [f"EC2-{number:02d}" for number in range(1, 31)]


def test_every_named_test_exists():
    named = re.findall(r"`(tests/\S+?\.py)::(test_\w+)`", PAGE)
    assert len(named) > 60
    missing = [
        f"{file}::{name}"
        for file, name in named
        if f"def {name}(" not in (ROOT / file).read_text(encoding="utf-8")
    ]
    assert missing == []
