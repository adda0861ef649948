"""Committed locks name versions and hashes, never where they were downloaded."""

import json
import re

import pytest

from infra.page import ROOT
from infra.requirements import GROUPS, LOCKED

PACKAGE_LOCKS = ["package-lock.json", "infra/node/package-lock.json"]


@pytest.mark.parametrize("group", GROUPS)
def test_a_requirement_file_holds_pins_with_hashes_and_no_address(group):
    text = (LOCKED / f"{group}.txt").read_text()
    assert "://" not in text
    assert "-url" not in text
    assert "--find-links" not in text
    pins = re.findall(r"^\S+==\S+", text, re.MULTILINE)
    hashed = re.findall(r"^\S+==[^\n]*\\\n    --hash=sha256:", text, re.MULTILINE)
    assert len(pins) == len(hashed) > 0


def test_no_requirement_file_is_left_over():
    assert {file.stem for file in LOCKED.glob("*.txt")} == set(GROUPS)


@pytest.mark.parametrize("lock", PACKAGE_LOCKS)
def test_a_package_lock_holds_hashes_and_no_address(lock):
    text = (ROOT / lock).read_text()
    assert "resolved" not in text
    assert "://registry" not in text
    packages = json.loads(text)["packages"]
    assert all("integrity" in package for name, package in packages.items() if name)


def test_the_cdk_s_command_line_is_pinned_because_its_latest_tag_is_an_old_build():
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    assert wanted["aws-cdk"] == "2.1148.1"
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
