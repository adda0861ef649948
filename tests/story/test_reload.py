"""A manifest that changes while the stack runs."""

import pytest

from tests.story.script import KONDO

pytestmark = pytest.mark.story

DONE = "the changed agents run"
STAY = "The agents that run stay as they are."


@pytest.fixture
def manifest(gallery_story):
    """One agent's file, written back at the end."""
    file = gallery_story.agents / "countries.yaml"
    text = file.read_text()
    yield file
    if file.read_text() != text:
        times = gallery_story.printed().count(DONE)
        file.write_text(text)
        gallery_story.until_printed(DONE, times + 1)


def test_a_saved_manifest_runs_and_a_request_that_waits_survives_it(gallery_story, manifest):
    story, alice = gallery_story, gallery_story.user("alice")
    story.model.calls(arguments=KONDO)
    waiting = story.asks(alice, "ec2", "I want to run a new EC2 instance.")
    approval = waiting["approval"]["id"]
    seen = story.user("bob").sees_approval(approval, "pending")
    story.model.says("I know countries.")
    begun = story.asks(alice, "countries", "What do you know?")

    text, printed = manifest.read_text(), story.printed()
    manifest.write_text(text.replace("title: Countries", "titel: Countries"))
    said = story.until_printed(STAY, printed.count(STAY) + 1)
    mistake = said.removeprefix(printed)
    assert "countries.yaml:" in mistake
    assert "titel" in mistake
    assert title_of(story, "countries") == "Countries"

    manifest.write_text(text.replace("title: Countries", "title: Nations"))
    story.until_printed(DONE, printed.count(DONE) + 1)
    assert title_of(story, "countries") == "Nations"
    story.model.says("I still do.")
    again = alice.says("And now?", begun["conversation_id"])
    assert "has changed" in again["notice"]

    assert story.user("bob").approval(approval) == seen
    story.user("bob").approves(approval)
    story.user("bob").sees_closed(approval)
    assert len(story.launches(approval)) == 1
    assert len(story.instances(approval)) == 1
    alice.sees_turn(waiting["conversation_id"], "completed")


def test_a_new_agent_is_there_after_it_was_copied_and_gone_after_it_was_taken_away(gallery_story):
    story = gallery_story
    manifest = story.agents / "greeter.yaml"
    times = story.printed().count(DONE)
    manifest.write_text("version: 2\ntitle: Greeter\nprompt: You greet people.\n")
    try:
        story.until_printed(DONE, times + 1)
        story.model.says("Hello!")
        assert story.asks(story.user("alice"), "greeter", "Hello?")["reply"] == "Hello!"
    finally:
        manifest.unlink()
    story.until_printed(DONE, times + 2)
    gone = story.user("alice").sends("Hello?", body={"agent": "greeter"})
    assert gone.status_code == 404


def title_of(story, agent_id):
    """What the list of agents calls it."""
    listed = story.user("alice").get("/agents")["agents"]
    return next(agent["title"] for agent in listed if agent["id"] == agent_id)
