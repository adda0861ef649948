"""Shadow mode in a deployed stack, under roles that are enforced: the whole loop, and nothing starts."""

import contextlib
from collections.abc import Iterator

import pytest

from tests.story.test_launch import asks_for_an_instance

pytestmark = pytest.mark.story

ROOMS = ("Chat", "ContinueTurn", "LaunchInstance", "Pages")


@contextlib.contextmanager
def shadow_mode(story) -> Iterator[None]:
    """While the rooms are deployed with `launch: dry_run`."""
    _switch(story, "dry_run")
    try:
        yield
    finally:
        _switch(story, "live")


def _switch(story, launch: str) -> None:
    functions = story.aws.client("lambda")
    for room in ROOMS:
        name = story.outputs[f"{room}Function"]
        held = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": {**held, "LAUNCH": launch}}
        )


def test_in_shadow_mode_everything_happens_but_the_launch(lone_story):
    story = lone_story
    with shadow_mode(story):
        assert story.http.get("/healthz").json()["launch"] == "dry_run"
        turn = asks_for_an_instance(story)
        assert "Shadow mode: nothing is started" in turn["reply"]
        approval = turn["approval"]["id"]
        story.user("bob").approves(approval)
        closed = story.user("alice").sees_closed(approval)
        told = story.user("alice").sees_turn(turn["conversation_id"], "completed")
    assert (closed["status"], closed["launch"]) == ("approved", "dry_run")
    outcome = closed["calls"][0]["outcome"]
    assert outcome["status"] == "succeeded"
    assert outcome["text"].startswith("Shadow mode: AWS would have taken this.")
    assert "Nothing was started." in told["reply"] + told["tool_calls"][0]["result"]
    assert (story.launches(approval), story.instances(approval)) == ([], [])
    assert len(story.rehearsals(approval)) == 2
    mails = story.mails("bob@example.com", about=approval)
    assert mails
    assert all("shadow mode] " in mail["subject"] for mail in mails)


def test_what_was_asked_for_in_shadow_mode_does_not_start_once_launches_are_live(lone_story):
    story = lone_story
    with shadow_mode(story):
        approval = asks_for_an_instance(story)["approval"]["id"]
        story.user("bob").sees_approval(approval, "pending")
    story.user("bob").approves(approval)
    outcome = story.user("bob").sees_closed(approval)["calls"][0]["outcome"]
    assert outcome["status"] == "denied"
    assert "launches are live now; ask again" in outcome["text"]
    assert story.instances(approval) == []
