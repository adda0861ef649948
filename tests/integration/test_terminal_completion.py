"""Completing the command line in a real bash, and that a Tab does not load half the product."""

import json
import subprocess
import sys

import pytest

from cli.terminal.approval_commands import STATUSES
from functions.shared.approval import Status
from infra.page import ROOT
from tests.support.tmux import HAS_TMUX, PROMPT, shell

HEAVY = ("boto3", "botocore", "aws_cdk", "pydantic", "httpx", "yaml", "prompt_toolkit")


def test_the_command_line_begins_without_what_only_some_commands_need():
    program = "import json, sys, cli.__main__; print(json.dumps(sorted(sys.modules)))"
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(json.loads(said.stdout)).isdisjoint(HEAVY)


@pytest.mark.skipif(not HAS_TMUX, reason="tmux is not installed")
def test_bash_completes_commands_options_and_statuses_once_it_was_told(tmp_path):
    with shell(tmp_path / "shell", {}) as pane:
        pane.type("countersign --install-completion bash")
        pane.expect("completion installed")
        pane.type("exec bash")
        pane.expect(PROMPT.strip(), times=3)
        for written, completed in (
            ("countersign appr", "countersign approvals "),
            ("countersign approvals rej", "countersign approvals reject "),
            ("countersign chat --conv", "countersign chat --conversation "),
            (
                "countersign approvals list --status exp",
                "countersign approvals list --status expired",
            ),
        ):
            pane.write(written)
            pane.press("Tab")
            pane.write("#")
            pane.expect(f"{completed.rstrip()} #")
            pane.press("C-u")


def test_every_status_can_be_asked_for():
    assert set(STATUSES) == set(Status)


def test_a_status_that_is_none_is_a_mistake_of_usage(terminal):
    said = terminal.piped("approvals", "list", "--status", "later")
    assert said.returncode == 2
    assert "'later' is none of preparing, pending" in said.stderr
