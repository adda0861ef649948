"""cdk-nag, cfn-lint and asl-validator accept what we deploy; `make check` asks all of them."""

import subprocess
import sys
from pathlib import Path

import pytest

from infra.page import ROOT
from infra.workflow import DEFINITION
from tests.infra.asl import rendered
from tests.infra.conftest import PAGES

# CDK writes DependsOn beside references by itself.
NOT_OURS = ("W3005",)


def test_cdk_nag_finds_nothing_without_a_written_reason(assembly):
    assert assembly.refused == ""


@pytest.mark.exhaustive
def test_cfn_lint_finds_nothing(assembly):
    found = subprocess.run(
        [
            str(Path(sys.executable).parent / "cfn-lint"),
            "--ignore-checks",
            *NOT_OURS,
            "--",
            *(str(assembly.file(stack)) for stack in PAGES),
        ],
        capture_output=True,
        text=True,
    )
    assert found.stdout + found.stderr == ""


def test_the_rendered_state_machine_is_valid(tmp_path):
    file = tmp_path / "approval.asl.json"
    file.write_text(rendered(DEFINITION.read_text()))
    found = subprocess.run(
        [str(ROOT / "node_modules" / ".bin" / "asl-validator"), "--json-path", str(file)],
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout + found.stderr
