"""The freeze switch: operators set it, everybody sees it, and nothing approved runs while it is on."""

import contextlib
from collections.abc import Iterator

import pytest

from tests.story.test_launch import asks_for_an_instance

pytestmark = pytest.mark.story

REASON = "Strange launches since noon."


@contextlib.contextmanager
def frozen(story) -> Iterator[dict]:
    """While Dana has stopped all launches."""
    switch = story.user("dana").freezes(REASON)
    try:
        yield switch
    finally:
        story.user("dana").unfreezes()


def test_only_operators_freeze_and_everybody_sees_it(lone_story):
    story = lone_story
    for person in ("alice", "bob", "carol"):
        refused = story.user(person).request(
            "POST", "/freeze", json={"frozen": True, "reason": "mine"}
        )
        assert (refused.status_code, refused.json()["code"]) == (403, "not_an_operator")
    assert story.user("alice").get("/freeze")["frozen"] is False
    with frozen(story) as switch:
        assert (switch["frozen"], switch["by"], switch["reason"]) == (True, "Dana", REASON)
        for person in ("alice", "bob", "carol", "dana"):
            assert story.user(person).get("/freeze") == switch
    assert story.user("alice").get("/freeze")["frozen"] is False
    assert story.http.get("/freeze").status_code == 401


def test_what_is_approved_while_launches_are_frozen_is_not_started_and_the_next_one_is(lone_story):
    story = lone_story
    turn = asks_for_an_instance(story, who="bob")
    approval = turn["approval"]["id"]
    story.user("carol").sees_approval(approval, "pending")
    with frozen(story):
        story.user("carol").approves(approval)
        closed = story.user("carol").sees_closed(approval)
        outcome = closed["calls"][0]["outcome"]
        assert (closed["status"], outcome["status"]) == ("approved", "denied")
        for words in ("Launches are frozen by Dana", REASON, "Nothing was started"):
            assert words in outcome["text"]
        assert story.launches(approval) == []
        told = story.user("bob").sees_turn(turn["conversation_id"], "completed")
        assert told["tool_calls"][0]["status"] == "denied"
        assert REASON in told["reply"]

        next_one = asks_for_an_instance(story, who="bob")["approval"]["id"]
        [mail] = story.until(lambda: story.mails("carol@example.com", about=next_one))
        assert "FROZEN: Dana stopped all launches" in mail["text"]
        assert REASON in mail["text"]
    story.user("carol").approves(next_one)
    story.user("carol").sees_closed(next_one)
    assert len(story.instances(next_one)) == 1
    assert story.launches(approval) == []


def test_a_switch_that_cannot_be_read_starts_nothing(lone_story):
    story = lone_story
    ssm, name = story.aws.client("ssm"), story.outputs["FreezeParameter"]
    stood = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    approval = asks_for_an_instance(story, who="bob")["approval"]["id"]
    story.user("carol").sees_approval(approval, "pending")
    ssm.put_parameter(Name=name, Value="on", Type="String", Overwrite=True)
    try:
        story.user("carol").approves(approval)
        story.until(
            lambda: "The freeze switch cannot be read" in story.logs("LaunchInstanceFunction")
        )
        assert story.launches(approval) == []
        unread = story.user("alice").request("GET", "/freeze")
        assert (unread.status_code, unread.json()["code"]) == (503, "freeze_unreadable")
    finally:
        ssm.put_parameter(Name=name, Value=stood, Type="String", Overwrite=True)
    story.user("carol").sees_closed(approval)
    assert len(story.instances(approval)) == 1
