"""A stack can be taken away with everything told, and put back."""

import json
import subprocess
import sys

import pytest

from local.deployment import Cdk
from local.programs import ROOT, aws_environment
from tests.story.story import Story
from tests.story.test_launch import asks_for_an_instance

pytestmark = [pytest.mark.story, pytest.mark.exhaustive]

STACK = "Again"


@pytest.fixture
def again(stacks):
    """A stack of this story alone."""
    return stacks.variant(STACK, "--no-budgets")


def countersign(directory, endpoint, *arguments):
    """What the operator's command line says, line by line."""
    environment = aws_environment(endpoint, directory) | {"PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout.splitlines()


def test_deploy_destroy_deploy_ends_what_is_open_keeps_the_audit_and_works_again(again, tmp_path):
    with Story(again) as story:
        launched = asks_for_an_instance(story)["approval"]["id"]
        story.user("carol").approves(launched)
        story.user("carol").sees_closed(launched)
        [instance] = story.instances(launched)
        waiting = asks_for_an_instance(story, who="bob")["approval"]["id"]
        story.user("carol").sees_approval(waiting, "pending")

        own = again.output.parent
        options = ["--home", str(own / "home"), "--yes", "--terminate", "--json"]
        lines = countersign(tmp_path, story.aws.endpoint, "destroy", *options)

        assert len(story.ec2_calls("TerminateInstances", about=instance)) == 1
        assert (
            f"Instance {instance}" in story.mails("alice@example.com", about=instance)[-1]["text"]
        )
        assert tables(story) == []
        said = [json.loads(line) for line in lines]
        assert {"destroyed": STACK} in said
        assert {one["survivor"] for one in said if "survivor" in one} == {"key"}

        [file] = tmp_path.glob("countersign-audit-*.jsonl")
        verified = countersign(tmp_path, story.aws.endpoint, "audit", "verify", "--file", str(file))
        assert "approvals 2" in verified[0]
        written = [json.loads(line) for line in file.read_text().splitlines()]
        kept = {one["approval"]: one["record"]["status"]["S"] for one in written[1:-1]}
        assert kept == {launched: "approved", waiting: "cancelled"}

        cdk = Cdk(tmp_path, story.aws.endpoint)
        outputs = tmp_path / "outputs.json"
        cdk.start(
            "deploy",
            STACK,
            f"--app={own / 'cdk.out'}",
            "--require-approval=never",
            f"--outputs-file={outputs}",
        )
        cdk.finish()
        assert len(tables(story)) == 5
        pages = json.loads(outputs.read_text())[STACK]["PagesFunction"]
        assert is_healthy(story, pages)


def tables(story):
    names = story.aws.client("dynamodb").list_tables()["TableNames"]
    return [name for name in names if name.startswith(f"{STACK}-")]


def is_healthy(story, function):
    event = {
        "routeKey": "GET /healthz",
        "rawPath": "/healthz",
        "requestContext": {
            "requestId": "r",
            "http": {"method": "GET", "path": "/healthz", "sourceIp": "127.0.0.1"},
        },
    }
    answer = story.aws.client("lambda").invoke(
        FunctionName=function, Payload=json.dumps(event).encode()
    )
    return json.loads(answer["Payload"].read())["statusCode"] == 200
