"""Budgets over HTTP: who has used the day's gets 429 and is told when there is a new one."""

from datetime import UTC, datetime

import pytest

from tests.story.test_launch import asks_for_an_instance

pytestmark = pytest.mark.story


def has_used(story, **used: int) -> None:
    """Alice's counters of today, as if she had used so much."""
    owner = story.user("alice").sub
    story.rows.edit("BudgetsTable", {"pk": f"day#{owner}#{datetime.now(UTC):%Y-%m-%d}"}, **used)


@pytest.mark.parametrize(("budget", "limit"), [("turns", 200), ("tokens", 1_000_000)])
def test_who_has_used_todays_budget_gets_429_with_retry_after_and_the_model_is_not_asked(
    lone_story, budget, limit
):
    story = lone_story
    story.model.says("hello")
    has_used(story, **{budget: limit - 1})
    assert story.user("alice").says("hello")["reply"] == "hello"
    has_used(story, **{budget: limit})
    refused = story.user("alice").sends(f"hello again {story.mark}")
    assert (refused.status_code, refused.json()["code"]) == (429, "budget_used")
    assert refused.json()["budget"] == budget
    assert 0 < int(refused.headers["retry-after"]) <= 24 * 3600
    assert "00:00 UTC" in refused.json()["detail"]
    assert len(story.model.requests()) == 1


def test_who_has_used_todays_approvals_is_told_and_nobody_is_asked(lone_story):
    story = lone_story
    has_used(story, approvals=10)
    story.model.calls()
    turn = story.user("alice").says("I want to run a new EC2 instance.")
    assert (turn["status"], turn["approval"]) == ("completed", None)
    assert "today's budget of 10 requests" in turn["reply"]


def test_an_approved_launch_above_the_targets_living_instances_is_not_started(lone_story):
    story = lone_story
    story.rows.edit(
        "BudgetsTable", {"pk": "live#default"}, calls={f"x#{number}" for number in range(20)}
    )
    turn = asks_for_an_instance(story)
    approval = turn["approval"]["id"]
    story.user("bob").approves(approval)
    outcome = story.user("bob").sees_closed(approval)["calls"][0]["outcome"]
    assert outcome["status"] == "denied"
    assert "20 instances live in default" in outcome["text"]
    assert story.launches(approval) == []
    told = story.user("alice").sees_turn(turn["conversation_id"], "completed")
    assert "20 instances live in default" in told["reply"]
