import pytest

from tests.story.script import KONDO

pytestmark = pytest.mark.story


def test_an_approval_nobody_answers_expires_and_starts_nothing(expiring_story):
    story = expiring_story
    story.model.calls()
    turn = story.user("alice").says("I want to run a new EC2 instance.")
    approval = turn["approval"]["id"]
    digest = story.user("bob").sees_approval(approval, "pending")["digest"]
    story.user("alice").sees_approval(approval, "expired")
    late = story.user("bob").decides(approval, "approve", digest=digest)
    assert (late.status_code, late.json()["code"]) == (410, "expired")
    assert story.launches(approval) == []
    story.invoke("SweepFunction", {})
    told = story.user("alice").sees_turn(turn["conversation_id"], "completed")
    assert told["tool_calls"][0]["status"] == "expired"


def test_where_the_operator_allows_it_a_requester_countersigns_for_themselves(lone_story):
    story = lone_story
    story.model.calls()
    turn = story.user("bob").says("I want to run a new EC2 instance.")
    approval = turn["approval"]["id"]
    [mail] = story.until(lambda: story.mails("bob@example.com", about=approval))
    assert f"{story.url}/a/{approval}" in mail["text"]
    decided = story.user("bob").approves(approval)
    assert decided["decisions"][0]["self_confirmed"] is True
    story.user("bob").sees_closed(approval)
    assert len(story.instances(approval)) == 1


def test_i4_one_request_too_many_asks_nobody_and_the_others_go_on(lone_story):
    story = lone_story
    alice = story.user("alice")
    types = ("t2.micro", "t2.small", "t3.micro", "t3.small")
    turns = []
    for instance_type in types:
        story.model.calls(arguments={**KONDO, "instance_type": instance_type})
        turns.append(alice.says(f"I want to run a new {instance_type}."))
    assert [turn["status"] for turn in turns] == [*["awaiting_approval"] * 3, "completed"]
    assert turns[3]["reply"].startswith("3 requests of yours are open")
    assert turns[3]["approval"] is None
