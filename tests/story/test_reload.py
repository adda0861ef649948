"""Manifests that change while the stack runs. What is changed here stays: taking it back would be another deploy."""

import re

import pytest

from tests.story.script import KONDO

pytestmark = pytest.mark.story

DONE = "the changed agents run"
STAY = "The agents that run stay as they are."


def test_what_is_saved_runs_a_mistake_changes_nothing_and_a_request_that_waits_survives(
    gallery_story,
):
    story, alice = gallery_story, gallery_story.user("alice")
    story.model.calls(arguments=KONDO)
    waiting = story.asks(alice, "ec2", "I want to run a new EC2 instance.")
    approval = waiting["approval"]["id"]
    seen = story.user("bob").sees_approval(approval, "pending")
    story.model.says("I know countries.")
    begun = story.asks(alice, "countries", "What do you know?")
    before, printed = titles(story), story.printed()

    manifest = story.agents / "countries.yaml"
    text = manifest.read_text()
    manifest.write_text(text.replace("title: ", "titel: "))
    mistake = story.until_printed(STAY, printed.count(STAY) + 1).removeprefix(printed)
    assert re.search(r"countries\.yaml:\d+: .*titel", mistake)
    assert titles(story) == before

    new = story.agents / f"greeter-{story.mark[1:-1]}.yaml"
    new.write_text("version: 2\ntitle: Greeter\nprompt: You greet people.\n")
    manifest.write_text(re.sub("(?m)^title: .*$", f"title: Nations {story.mark}", text))
    story.until_printed(DONE, printed.count(DONE) + 1)
    changed = {"countries": f"Nations {story.mark}", new.stem: "Greeter"}
    assert titles(story) == {**before, **changed}
    story.model.says("I still do.")
    again = alice.says("And now?", begun["conversation_id"])
    assert "has changed" in again["notice"]
    story.model.says("Hello!")
    assert story.asks(alice, new.stem, "Hello?")["reply"] == "Hello!"

    assert story.user("bob").approval(approval) == seen
    story.user("bob").approves(approval)
    story.user("bob").sees_closed(approval)
    assert len(story.launches(approval)) == 1
    assert len(story.instances(approval)) == 1
    alice.sees_turn(waiting["conversation_id"], "completed")


def titles(story) -> dict[str, str]:
    """What the list of agents calls each."""
    listed = story.user("alice").get("/agents")["agents"]
    return {agent["id"]: agent["title"] for agent in listed}
