"""`agents validate` tells everything at once, `agents show` what an agent may do; both by exit status."""

import json
import subprocess
import sys

import pytest

from cli.__main__ import main
from infra.page import ROOT
from tests.support.manifests import GREET, Author, acting

BAD = {"version": 2, "title": "", "prompt": "Be.", "titel": 1}


@pytest.fixture
def author(tmp_path):
    return Author(tmp_path)


def said(capsys, *arguments):
    """The exit status, standard output and standard error."""
    status = main(["agents", *map(str, arguments)])
    out, err = capsys.readouterr()
    return status, out, err


def test_good_manifests_are_counted_and_the_status_is_0(author, capsys):
    author.ours()
    status, out, err = said(capsys, "validate", author.agents)
    assert (status, out, err) == (0, "1 agent can be used.\n", "")


def test_every_mistake_of_every_manifest_is_told_and_the_status_is_1(author, capsys):
    author.ours()
    author.file("agents/two.yaml", BAD)
    author.file("agents/more/three.json", {"prompt": 5})
    status, out, err = said(capsys, "validate", author.home)
    assert status == 1
    assert out == "1 agent can be used, 2 cannot.\n"
    lines = err.splitlines()
    assert all(line.startswith("error: ") for line in lines)
    assert sum("two.yaml" in line for line in lines) == 2
    assert any("three.json:1: prompt: " in line for line in lines)


def test_for_programs_it_prints_one_object(author, capsys):
    author.slashgpt("one.json", wip=True)
    author.file("agents/two.yaml", BAD)
    status, out, _ = said(capsys, "validate", author.agents, "--json")
    told = json.loads(out)
    assert status == 1
    assert out.count("\n") == 1
    assert told["loaded"] == 1
    assert [(one["code"], one["key"], one["line"]) for one in told["failed"]] == [
        ("bad_value", "title", 2),
        ("unknown_key", "titel", 4),
    ]
    assert {one["file"] for one in told["failed"]} == {str(author.agents / "two.yaml")}
    assert all(one["message"] for one in told["failed"])
    assert [one["code"] for one in told["warnings"]] == ["unknown_key"]


def test_warnings_alone_leave_the_status_0(author, capsys):
    author.slashgpt("one.json", wip=True)
    status, _, err = said(capsys, "validate", author.agents)
    assert status == 0
    assert err.startswith("warning: ")


@pytest.mark.parametrize(
    "name",
    [
        "agents/manifests.json",
        "agents/README.json",
        "agents/resources/a.yaml",
        "agents/.git/a.yaml",
    ],
)
def test_what_is_no_manifest_is_left_alone(author, capsys, name):
    author.ours()
    author.file(name, {"nonsense": True})
    assert said(capsys, "validate", author.agents)[0] == 0


@pytest.mark.parametrize("place", ["gone", "agents"])
def test_nothing_to_check_is_a_failure(author, capsys, place):
    status, out, _ = said(capsys, "validate", author.home / place, "--json")
    assert status == 1
    assert json.loads(out)["loaded"] == 0


def test_one_file_is_checked_with_its_neighbours_in_mind(author, capsys):
    author.ours("two.yaml")
    emit = acting("emit", method="switch_session", data={"agent": "two"})
    author.ours("one.yaml", **emit)
    assert said(capsys, "validate", author.agents / "one.yaml")[0] == 0


def test_the_root_of_named_files_can_be_given(author, capsys):
    author.file("resources/about.txt", "this")
    manifest = {
        "version": 2,
        "title": "T",
        "prompt": "{resource}",
        "resource": "resources/about.txt",
    }
    file = author.file("elsewhere/one.yaml", manifest)
    assert said(capsys, "validate", file)[0] == 1
    assert said(capsys, "validate", file, "--root", author.home)[0] == 0


def test_an_agent_is_shown_with_its_tools_gates_hosts_and_secrets(author, capsys):
    action = acting("rest", url="https://a.example/{appkey}", secret="SERVICE_KEY", method="POST")
    author.ours(**action, access={"use": ["staff"]})
    status, out, _ = said(capsys, "show", author.agents / "one.yaml")
    assert status == 0
    head, _, tools = out.partition("tools:\n")
    assert "  greet: rest, countersigned" in head
    assert "hosts: a.example\n" in head
    assert "secrets: SERVICE_KEY\n" in head
    assert "groups that use it: staff\n" in head
    assert "groups that approve: every approver\n" in head
    assert json.loads(tools) == [{"type": "function", "function": GREET}]


def test_what_an_agent_says_cannot_write_on_the_terminal(author, capsys):
    author.ours(title="One\u202e", functions=[{**GREET, "description": "a\x1b[2K\r\u2028b\u202e"}])
    status, out, _ = said(capsys, "show", author.agents / "one.yaml")
    assert status == 0
    assert all(line.isprintable() for line in out.splitlines())
    tools = json.loads(out.partition("tools:\n")[2])
    assert tools[0]["function"]["description"] == "a\x1b[2K\r\u2028b\u202e"


def test_checking_manifests_needs_neither_the_cdk_nor_aws():
    program = "import sys, cli.agents_validate, cli.agents_show; sys.exit(len({'aws_cdk', 'boto3'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0


def test_an_agent_that_cannot_be_used_is_not_shown(author, capsys):
    file = author.file("agents/one.yaml", BAD)
    status, out, err = said(capsys, "show", file)
    assert (status, out) == (1, "")
    assert "titel" in err


def test_the_rights_that_its_calls_need_are_shown_as_a_policy(author, capsys):
    role = "arn:aws:iam::123456789012:role/restart"
    author.ours(**acting("document", document="AWS-Restart", version="4", role=role))
    status, out, _ = said(capsys, "show", author.agents / "one.yaml", "--iam")
    policy = json.loads(out)
    assert status == 0
    allowed = {action: one["Resource"] for one in policy["Statement"] for action in one["Action"]}
    assert allowed["ssm:StartAutomationExecution"] == [
        "arn:aws:ssm:[region]::automation-definition/AWS-Restart:4",
        "arn:aws:ssm:[region]:[account]:automation-execution/*",
    ]
    assert allowed["iam:PassRole"] == [role]


def test_an_agent_that_only_talks_needs_no_rights(author, capsys):
    author.ours()
    _, out, _ = said(capsys, "show", author.agents / "one.yaml", "--iam")
    assert json.loads(out)["Statement"] == []


def test_every_shipped_manifest_can_be_used(capsys):
    status, _, err = said(capsys, "validate", ROOT / "agents")
    assert (status, err) == (0, "")


def test_the_shipped_agent_names_the_types_that_it_may_launch(capsys):
    _, out, _ = said(capsys, "show", ROOT / "agents" / "ec2.yaml", "--iam")
    [run, *_] = json.loads(out)["Statement"]
    assert run["Action"] == ["ec2:RunInstances"]
    assert "t3.micro" in run["Condition"]["StringEquals"]["ec2:InstanceType"]
