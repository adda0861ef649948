"""The launch role's rights: the emulator enforces them, so taking one away is seen at once."""

import contextlib
from collections.abc import Iterator

import pytest

from tests.story.test_launch import asks_for_an_instance

pytestmark = pytest.mark.story


@contextlib.contextmanager
def launching_taken_away(story) -> Iterator[None]:
    """While the launch role may not run instances."""
    iam = story.aws.client("iam")
    role = story.outputs["LaunchRoleArn"].rsplit("/", 1)[-1]
    [policy] = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    kept = [one for one in document["Statement"] if "ec2:RunInstances" not in one["Action"]]
    story.put_role_policy(role, policy, {**document, "Statement": kept})
    try:
        yield
    finally:
        story.put_role_policy(role, policy, document)


def test_a_launch_role_without_its_right_is_told_before_anyone_is_asked(lone_story):
    story = lone_story
    with launching_taken_away(story):
        turn = asks_for_an_instance(story)
        closed = story.user("bob").sees_closed(turn["approval"]["id"])
    assert (closed["status"], closed["deciders"]) == ("denied", [])
    assert "UnauthorizedOperation" in closed["calls"][0]["outcome"]["text"]
    told = story.user("alice").sees_turn(turn["conversation_id"], "completed")
    assert "ask your operator" in told["reply"]
    assert story.mails("bob@example.com", about=closed["id"]) == []


def test_a_right_taken_away_after_the_vote_was_asked_for_starts_nothing(lone_story):
    story = lone_story
    approval = asks_for_an_instance(story)["approval"]["id"]
    story.user("bob").sees_approval(approval, "pending")
    with launching_taken_away(story):
        story.user("bob").approves(approval)
        closed = story.user("bob").sees_closed(approval)
    assert "UnauthorizedOperation" in closed["calls"][0]["outcome"]["text"]
    assert story.instances(approval) == []
