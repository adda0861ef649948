"""What AWS answers when it does not start an instance, and what a lost answer may not do."""

import pytest

from tests.story.script import KONDO
from tests.story.test_launch import asks_for_an_instance

pytestmark = pytest.mark.story


def approved(story) -> tuple[dict, dict]:
    """A launch that somebody has approved, and the approval when it is closed."""
    turn = asks_for_an_instance(story)
    approval = turn["approval"]["id"]
    story.user("bob").approves(approval)
    return turn, story.user("bob").sees_closed(approval)


def test_what_is_gone_since_it_was_shown_is_reported_and_not_marked_as_launched(story):
    """EC2-25."""
    key_name = story.new_key_pair()
    story.model.calls(arguments={**KONDO, "key_name": key_name})
    turn = story.user("alice").says("start")
    approval = turn["approval"]["id"]
    story.user("bob").sees_approval(approval, "pending")
    story.aws.client("ec2").delete_key_pair(KeyName=key_name)
    story.user("bob").approves(approval)
    closed = story.user("bob").sees_closed(approval)
    assert closed["calls"][0]["outcome"]["status"] == "failed"
    assert "InvalidKeyPair.NotFound" in closed["calls"][0]["outcome"]["text"]
    assert story.instances(approval) == []
    told = story.user("alice").sees_turn(turn["conversation_id"], "completed")
    assert "InvalidKeyPair.NotFound" in told["reply"]
    assert "Nothing was started" in told["reply"]


@pytest.mark.parametrize("code", ["UnauthorizedOperation", "InstanceLimitExceeded"])
def test_a_refusal_of_aws_is_reported_and_sent_once(story, code):
    """EC2-25."""
    turn = asks_for_an_instance(story)
    approval = turn["approval"]["id"]
    story.ec2_fails(code, about=approval, times=1)
    story.user("bob").approves(approval)
    closed = story.user("bob").sees_closed(approval)
    assert closed["calls"][0]["outcome"]["status"] == "failed"
    assert code in closed["calls"][0]["outcome"]["text"]
    assert len(story.launches(approval)) == 1
    assert story.instances(approval) == []


def test_a_throttled_launch_is_sent_again_and_starts_one_instance(story):
    approval = asks_for_an_instance(story)["approval"]["id"]
    story.ec2_fails("RequestLimitExceeded", about=approval, times=1)
    story.user("bob").approves(approval)
    closed = story.user("bob").sees_closed(approval)
    assert closed["calls"][0]["outcome"]["status"] == "succeeded"
    assert len(story.instances(approval)) == 1


def test_where_aws_has_no_capacity_the_same_request_is_sent_again_until_it_has(story):
    approval = asks_for_an_instance(story)["approval"]["id"]
    story.ec2_fails("InsufficientInstanceCapacity", about=approval, times=2)
    story.user("bob").approves(approval)
    closed = story.user("bob").sees_closed(approval, within=120)
    assert closed["calls"][0]["outcome"]["status"] == "succeeded"
    launches = story.launches(approval)
    assert [launch["answer"]["status"] for launch in launches] == [500, 500, 200]
    assert all(launch["parameters"] == launches[0]["parameters"] for launch in launches)
    assert len(story.instances(approval)) == 1


def test_an_answer_lost_after_the_effect_leaves_one_instance_and_is_found_again(story):
    """EC2-23."""
    approval = asks_for_an_instance(story)["approval"]["id"]
    story.ec2_fails(about=approval, then="drop", effect=True, times=1)
    story.user("bob").approves(approval)
    closed = story.user("bob").sees_closed(approval)
    assert closed["calls"][0]["outcome"]["status"] == "succeeded"
    [instance] = story.instances(approval)
    assert instance in closed["calls"][0]["outcome"]["text"]
    sent = [call["parameters"] for call in story.launches(approval)]
    assert all(one == sent[0] for one in sent)


def test_the_launch_delivered_again_starts_nothing_more(story):
    """EC2-23."""
    _, closed = approved(story)
    event = {
        "v": 1,
        "approval_id": closed["id"],
        "digest": closed["digest"],
        "call_id": closed["calls"][0]["id"],
    }
    for _ in range(2):
        _, error = story.invoke("LaunchInstanceFunction", event)
        assert error == "LaunchRefused"
    assert len(story.launches(closed["id"])) == 1
    assert len(story.instances(closed["id"])) == 1


def test_a_launch_made_by_hand_without_an_approval_is_refused(story):
    approval = asks_for_an_instance(story)["approval"]["id"]
    pending = story.user("bob").sees_approval(approval, "pending")
    event = {
        "v": 1,
        "approval_id": approval,
        "digest": pending["digest"],
        "call_id": pending["calls"][0]["id"],
    }
    _, error = story.invoke("LaunchInstanceFunction", event)
    assert error == "LaunchRefused"
    assert story.launches(approval) == []
    story.user("bob").approves(approval)
    story.user("bob").sees_closed(approval)
    assert len(story.instances(approval)) == 1


def test_a_plan_edited_after_it_was_shown_cannot_be_approved(story):
    """EC2-30."""
    approval = asks_for_an_instance(story)["approval"]["id"]
    shown = story.user("bob").sees_approval(approval, "pending")
    story.rows.edit_plan(approval, "t2.micro", "t3.small")
    refused = story.user("bob").decides(approval, "approve", digest=shown["digest"])
    assert (refused.status_code, refused.json()["code"]) == (409, "digest_differs")
    assert story.launches(approval) == []


def test_a_plan_edited_after_the_vote_is_not_launched(story):
    """EC2-30: edited while EC2 throttles, between one try and the next."""
    approval = asks_for_an_instance(story)["approval"]["id"]
    story.ec2_fails("RequestLimitExceeded", about=approval, times=3)
    story.user("bob").approves(approval)
    story.until(lambda: story.launches(approval))
    story.rows.edit_plan(approval, "t2.micro", "t3.small")
    story.user("bob").sees_closed(approval)
    assert {launch["answer"]["status"] for launch in story.launches(approval)} == {503}
    assert story.instances(approval) == []
