"""The stack can be taken away and put back."""

from datetime import datetime

import pytest

from local.deployment import Cdk, StackWish, deploy
from local.model_choice import ModelChoice
from local.seed import Emulated
from tests.story.test_launch import asks_for_an_instance

pytestmark = pytest.mark.story

STACK = "Again"


def test_deploy_destroy_deploy_leaves_nothing_behind_and_works_again(stacks, tmp_path):
    endpoint = stacks.main().ready["emulator"]
    wish = StackWish(
        stack=STACK,
        origin="http://127.0.0.1:1",
        endpoint=endpoint,
        model=ModelChoice(name="none", base_url="http://127.0.0.1:1/v1", key="none", label="none"),
        channel="sns",
        approval_timeout_seconds=600,
        self_confirm=False,
        has_budgets=False,
    )
    aws, cdk = Emulated(endpoint), Cdk(tmp_path, endpoint)

    def tables() -> list[str]:
        names = aws.client("dynamodb").list_tables()["TableNames"]
        return [name for name in names if name.startswith(f"{STACK}-")]

    def run(command: str, *options: str) -> None:
        cdk.start(command, STACK, f"--app={tmp_path / 'cdk.out'}", *options)
        cdk.finish()

    outputs = deploy(wish, cdk, print)
    assert len(tables()) == 5
    run("destroy", "--force")
    assert tables() == []
    run("deploy", "--require-approval=never")
    assert len(tables()) == 5
    answer = aws.client("lambda").invoke(
        FunctionName=outputs["PagesFunction"],
        Payload=b'{"routeKey":"GET /healthz","rawPath":"/healthz","requestContext":'
        b'{"requestId":"r","http":{"method":"GET","path":"/healthz"}}}',
    )
    assert b'"statusCode":200' in answer["Payload"].read().replace(b" ", b"")
    run("destroy", "--force")


def test_a_request_that_waits_survives_the_deploy_of_other_settings_and_is_launched_once(
    lone_story, tmp_path
):
    story = lone_story
    turn = asks_for_an_instance(story, who="bob")
    approval = turn["approval"]["id"]
    seen = story.user("carol").sees_approval(approval, "pending")
    deploy(alone_with_more_time(story), Cdk(tmp_path, story.aws.endpoint), print)
    assert story.user("carol").approval(approval) == seen

    later = asks_for_an_instance(story, who="alice")["approval"]["id"]
    assert seconds_open(story.user("carol").sees_approval(later, "pending")) > 650
    assert seconds_open(seen) < 650

    story.user("carol").approves(approval)
    story.user("carol").sees_closed(approval)
    assert len(story.launches(approval)) == 1
    assert len(story.instances(approval)) == 1
    story.user("bob").sees_turn(turn["conversation_id"], "completed")


def alone_with_more_time(story) -> StackWish:
    """The stack of `lone_story`, where people have a minute longer."""
    return StackWish(
        stack="Alone",
        origin=story.url,
        endpoint=story.aws.endpoint,
        model=ModelChoice(
            name="test-model", base_url=story.model.base_url, key="none", label="test-model"
        ),
        channel="ses",
        approval_timeout_seconds=660,
        self_confirm=True,
        has_budgets=True,
    )


def seconds_open(approval: dict) -> float:
    """How long it was or is open at most."""
    times = (approval["expires_at"], approval["created_at"])
    end, start = (datetime.fromisoformat(time) for time in times)
    return (end - start).total_seconds()
