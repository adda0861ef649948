"""Operators' commands against a deployed stack: logs, model, dead letters, and every command of the alarms' pages."""

import os
import re
import shlex

import pytest
import yaml

from cli.__main__ import main
from infra.page import ROOT
from local.programs import aws_environment
from tests.story.test_launch import asks_for_an_instance

pytestmark = pytest.mark.story
PAGE = {"stage": "local", "launch": "live", "region": "us-east-1", "model": {"name": "test-model"}}
BLOCKS = [
    line
    for page in sorted((ROOT / "docs" / "runbooks").glob("*.md"))
    for block in re.findall(r"^```sh\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]


@pytest.fixture
def run(story, tmp_path, monkeypatch, capsys):
    """Runs a command line where the operator's page lies; its exit status and what it said."""
    (tmp_path / "countersign.yaml").write_text(yaml.safe_dump(PAGE))
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in aws_environment(story.aws.endpoint, tmp_path).items():
        monkeypatch.setenv(name, value)

    def run(*arguments):
        capsys.readouterr()
        status = main(arguments)
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def approval(story):
    """An approval that was approved, has launched, and is closed."""
    asked = asks_for_an_instance(story)["approval"]["id"]
    story.user("bob").approves(asked)
    story.user("bob").sees_closed(asked)
    return asked


def test_a_request_is_followed_from_the_page_through_every_room(story, run, approval):
    request = story.rows.approval(approval)["request_id"]

    status, out, err = run("logs", "--request", request, "--since", "1h")
    assert (status, err) == (0, "")
    rooms = {line.split("\t")[1] for line in out.splitlines()}
    assert rooms >= {
        "preflight", "request_approval", "decide_approval", "launch_instance", "record_outcome",
    }  # fmt: skip
    assert "approvers were notified" in out
    assert "instance was launched" in out
    assert request in out
    assert out == run("logs", "--request", approval, "--since", "1h")[1]


@pytest.mark.exhaustive
def test_every_command_of_the_alarms_pages_runs_as_it_is_printed(run, approval, monkeypatch):
    monkeypatch.setenv("APPROVAL", approval)
    assert len(BLOCKS) > 20
    for line in dict.fromkeys(BLOCKS):
        program, *arguments = shlex.split(os.path.expandvars(line))
        assert program == "countersign", line
        status, out, err = run(*arguments)
        assert status in (0, 1), (line, err)
        assert out.strip() or status == 1, line


def test_the_deployed_chat_asks_its_model(story, run):
    checked = story.model.also_claims("countersign_check")
    checked.calls("countersign_check", {"word": "ready"})
    status, out, err = run("model", "check")
    assert (status, err) == (0, "")
    assert "calls functions." in out
    checked.says("I would rather talk.")
    status, out, _ = run("model", "check")
    assert status == 1
    assert "calls no function" in out
