"""`countersign audit` against a deployed stack, as an operator runs it."""

import json
import subprocess
import sys

import pytest

from local.programs import ROOT, aws_environment
from tests.story.test_launch import asks_for_an_instance

pytestmark = pytest.mark.story


@pytest.fixture
def audit(story, tmp_path):
    """Runs the command line in a process of its own."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cli", "audit", *arguments],
            cwd=ROOT,
            env=aws_environment(story.aws.endpoint, tmp_path),
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def closed(story) -> str:
    """An approval that was approved, has launched, and is closed."""
    approval = asks_for_an_instance(story)["approval"]["id"]
    story.user("bob").approves(approval)
    story.user("bob").sees_closed(approval)
    return approval


def test_a_whole_audit_is_shown_and_verifies(story, audit, closed):
    shown = audit("show", closed)
    assert (shown.returncode, shown.stderr) == (0, "")
    events = story.rows.events(closed)
    assert events[:4] == ["requested", "opened", "decided", "closed"]
    assert all(event in shown.stdout for event in events)
    assert "Bob (" in shown.stdout
    assert story.mark not in shown.stdout
    verified = audit("verify", closed)
    assert (verified.returncode, verified.stderr) == (0, "")
    assert f"The audit of {closed} verifies: {len(events)} rows." in verified.stdout
    assert "The decision's seal is genuine." in verified.stdout


def test_a_row_or_a_record_edited_by_hand_is_found(story, audit, closed):
    record = story.rows.approval(closed)
    story.rows.edit_approval(closed, decision={**record["decision"], "reason": "I was asked to"})
    found = audit("verify", closed)
    assert found.returncode == 1
    assert "seal" in found.stdout
    story.rows.edit_approval(closed, decision=record["decision"])
    assert audit("verify", closed).returncode == 0

    decided = story.rows.audit(closed)[2]
    details = json.loads(decided["details"]) | {"decision": "reject"}
    key = {"pk": closed, "sk": decided["sk"]}
    story.rows.edit("AuditTable", key, details=json.dumps(details))
    found = audit("verify", closed)
    assert found.returncode == 1
    assert "Row 3 is not what its hash was made of." in found.stdout


def test_what_cannot_be_read_is_neither(audit):
    unknown = audit("verify", "c" * 26)
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "There is no such approval" in unknown.stderr
