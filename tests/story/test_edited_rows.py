"""A table row edited by hand, by whomever: whatever it says, it cannot launch anything, and is told."""

import json

import pytest

from functions.shared.plan import digest_of
from tests.story.test_launch import asks_for_an_instance

pytestmark = pytest.mark.story


def pending(story) -> tuple[dict, dict]:
    """A request that waits: its turn and its record in the table."""
    turn = asks_for_an_instance(story)
    story.user("bob").sees_approval(turn["approval"]["id"], "pending")
    return turn, story.rows.approval(turn["approval"]["id"])


def forged(record: dict, **changes: object) -> dict:
    """A decision that Bob never made, with a seal that nobody made."""
    [bob] = [person for person in record["asked"] if person["email"] == "bob@example.com"]
    return {
        "decision": "approve",
        "by": bob,
        "at": record["created_at"],
        "digest": record["digest"],
        "reason": "",
        "self_confirmed": False,
        "calls": dict.fromkeys(call_ids(record), "approve"),
        "seal": {"key": "arn:aws:kms:us-east-1:000000000000:key/other", "mac": "c2VhbA=="},
        **changes,
    }


def call_ids(record: dict) -> list[str]:
    return [call["id"] for call in json.loads(record["plan"])["calls"]]


def starts_nothing_and_is_told(story, turn: dict) -> None:
    """The sweep takes the record for what it says; the launch function does not."""
    approval = turn["approval"]["id"]
    story.rows.edit_approval(approval, due_at=1)
    story.invoke("SweepFunction", {})
    closed = story.user("bob").sees_closed(approval)
    assert closed["calls"][0]["outcome"]["status"] == "failed"
    assert story.launches(approval) == []
    told = story.user("alice").sees_turn(turn["conversation_id"], "completed")
    assert "nothing was started" in told["reply"]
    refusals = [line for line in story.logs("LaunchInstanceFunction").splitlines() if line]
    assert any(approval in line and "a launch was refused" in line for line in refusals)
    assert any('"LaunchesRefused":[1.0]' in line.replace(" ", "") for line in refusals)


def test_a_forged_decision_launches_nothing(story):
    turn, record = pending(story)
    story.rows.edit_approval(record["pk"], status="approved", decision=forged(record))
    starts_nothing_and_is_told(story, turn)


def test_a_decision_without_a_seal_launches_nothing(story):
    turn, record = pending(story)
    decision = forged(record)
    del decision["seal"]
    story.rows.edit_approval(record["pk"], status="approved", decision=decision)
    starts_nothing_and_is_told(story, turn)


def test_a_decision_copied_from_another_approval_launches_nothing(story):
    """C9.2: the seal names the approval, so a genuine one fits no other."""
    first, _ = pending(story)
    story.user("bob").approves(first["approval"]["id"])
    story.user("bob").sees_closed(first["approval"]["id"])
    genuine = story.rows.approval(first["approval"]["id"])["decision"]
    turn, record = pending(story)
    copied = forged(record, at=genuine["at"], by=genuine["by"], seal=genuine["seal"])
    story.rows.edit_approval(record["pk"], status="approved", decision=copied)
    starts_nothing_and_is_told(story, turn)


def test_a_plan_edited_before_the_launch_with_every_digest_made_to_fit_launches_nothing(story):
    """EC2-30: edited while EC2 throttles, between one try and the next."""
    turn, record = pending(story)
    approval = record["pk"]
    story.ec2_fails("RequestLimitExceeded", about=approval, times=3)
    story.user("bob").approves(approval)
    story.until(lambda: story.launches(approval))
    story.rows.edit_plan(approval, "t2.micro", "t3.small")
    edited = story.rows.approval(approval)
    digest = digest_of(edited["plan"])
    story.rows.edit_approval(
        approval, digest=digest, decision={**edited["decision"], "digest": digest}
    )
    closed = story.user("bob").sees_closed(approval)
    assert closed["calls"][0]["outcome"]["status"] == "failed"
    assert {launch["answer"]["status"] for launch in story.launches(approval)} == {503}
    assert story.instances(approval) == []
    told = story.user("alice").sees_turn(turn["conversation_id"], "completed")
    assert "nothing was started" in told["reply"].lower()
