"""docs/acceptance.md names tests that exist, for every check."""

import re

from infra.page import ROOT

ATTACKS = {
    "A": (
        1,
        2,
        3,
        4,
        6,
        7,
        8,
        9,
        10,
        12,
        13,
        14,
        15,
        16,
        17,
        18,
        19,
        20,
        21,
        22,
        23,
        25,
        26,
        27,
        31,
        34,
    ),
    "B": (1, 2, 4, 5, 6, 7, 9, 10, 12, 13, 14),
    "C": (2, 3, 5, 6, 7, 10, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22),
    "D": (1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 18),
    "E": (1, 2, 3, 4, 5, 7, 8, 11, 12, 13),
    "H": (2, 4, 5, 6, 9, 11, 12, 13, 14, 15, 16, 17, 20, 21),
}
PAGE = (ROOT / "docs" / "acceptance.md").read_text(encoding="utf-8")


def test_every_check_has_a_row_with_a_test():
    rows = re.findall(r"^\| (EC2-\d\d) \|.*`tests/\S+::test_\S+`", PAGE, re.MULTILINE)
    assert rows == [f"EC2-{number:02d}" for number in range(1, 31)]


def test_every_check_of_several_functions_has_a_row_with_a_test_of_its_number():
    rows = re.findall(r"^\| (MF-\d\d) \|(.*)\|$", PAGE, re.MULTILINE)
    assert [name for name, _ in rows] == [f"MF-{number:02d}" for number in range(1, 33)]
    assert [name for name, named in rows if "::test_mf_" not in named] == []


def test_every_check_of_manifests_has_a_row_with_a_test_of_its_number():
    rows = re.findall(r"^\| (SG-\d\d) \|(.*)\|$", PAGE, re.MULTILINE)
    assert [name for name, _ in rows] == [f"SG-{number:02d}" for number in range(1, 16)]
    unnamed = [
        name for name, shown in rows if not re.search(rf"::test_sg_(\d\d_)*{name[3:]}_", shown)
    ]
    assert unnamed == []


def test_every_attack_has_a_row_with_a_test():
    rows = re.findall(r"^\| ([A-EH]\d+) \|.*`tests/\S+::test_\S+`", PAGE, re.MULTILINE)
    assert rows == [f"{kind}{number}" for kind, numbers in ATTACKS.items() for number in numbers]


def test_every_requirement_of_aisvs_c9_2_has_a_row_with_a_test_of_its_number():
    rows = re.findall(r"^\| C9\.2\.(\d) \|.*`tests/\S+::test_aisvs_9_2_(\d)_", PAGE, re.MULTILINE)
    assert rows == [(str(number), str(number)) for number in range(1, 7)]


def test_every_named_test_exists():
    named = re.findall(r"`(tests/\S+?\.py)::(test_\w+)`", PAGE)
    assert len(named) > 60
    missing = [
        f"{file}::{name}"
        for file, name in named
        if f"def {name}(" not in (ROOT / file).read_text(encoding="utf-8")
    ]
    assert missing == []
