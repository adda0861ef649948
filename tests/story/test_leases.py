"""Leases: nobody can turn the clock of AWS, so these stories turn the times in the ledger's row instead."""

import time

import pytest

from tests.story.test_launch import asks_for_an_instance

pytestmark = pytest.mark.story

HOUR = 3600
DAY = 24 * HOUR


def launched(story) -> tuple[str, str, str]:
    """Approval, call and instance of a launch that Bob asked for and Carol approved."""
    approval = asks_for_an_instance(story, who="bob")["approval"]["id"]
    story.user("carol").approves(approval)
    closed = story.user("carol").sees_closed(approval)
    [instance] = story.instances(approval)
    return approval, closed["calls"][0]["id"], instance


def swept(story, approval: str, call: str, state: str) -> dict:
    """The call's row once the sweep has brought its lease there and everybody has been told."""
    story.invoke("SweepFunction", {})
    return story.until(
        lambda: story.rows.call(approval, call),
        lambda row: row["lease_state"] == state and "lease_untold" not in row,
    )


def mailed(story, approval: str, words: str) -> list[str]:
    """Who got a mail with these words in its subject."""
    return [
        person
        for person in ("alice", "bob", "carol", "dana")
        for mail in story.mails(f"{person}@example.com", about=approval)
        if words in mail["subject"]
    ]


def test_a_lease_is_warned_of_stopped_terminated_and_each_step_is_told(lone_story):
    story = lone_story
    approval, call, instance = launched(story)
    row = story.rows.call(approval, call)
    assert (row["lease_state"], row["instance_id"]) == ("running", instance)
    assert 0 <= time.time() + 8 * HOUR - int(row["lease_ends_at"]) < 120
    assert story.rows.living() == {f"{approval}#{call}"}
    tags = {tag["Key"]: tag["Value"] for tag in story.instance(instance)["Tags"]}
    assert (tags["countersign:approval"], tags["countersign:call"]) == (approval, call)
    assert (tags["countersign:requester"], tags["countersign:approver"]) == (
        "bob@example.com",
        "carol@example.com",
    )

    now = int(time.time())
    story.rows.edit_call(approval, call, lease_ends_at=now + HOUR // 2, due_at=now - 1)
    swept(story, approval, call, "warned")
    assert mailed(story, approval, "Stops ") == ["bob", "carol"]
    assert story.instance(instance)["State"]["Name"] == "running"

    story.rows.edit_call(approval, call, lease_ends_at=now - 1, due_at=now - 1)
    swept(story, approval, call, "stopped")
    assert mailed(story, approval, "Stopped") == ["bob", "carol"]
    assert story.instance(instance)["State"]["Name"] == "stopped"
    assert story.rows.living() == {f"{approval}#{call}"}

    story.rows.edit_call(approval, call, lease_stopped_at=now - 7 * DAY, due_at=now - 1)
    over = swept(story, approval, call, "terminated")
    assert mailed(story, approval, "Terminated") == ["bob", "carol"]
    assert story.instance(instance)["State"]["Name"] == "terminated"
    assert story.rows.living() == set()
    assert "due_at" not in over

    events = ["lease_warned", "lease_stopped", "lease_terminated"]
    assert [row["event"] for row in story.user("bob").approval(approval)["history"]][-3:] == events
    assert story.rows.events(approval)[-3:] == events
    assert [call["action"] for call in story.ec2_calls() if ends(call, instance)] == [
        "StopInstances",
        "TerminateInstances",
    ]


def ends(call: dict, instance: str) -> bool:
    """Whether a recorded call stops or terminates this instance."""
    is_ending = call["action"] in ("StopInstances", "TerminateInstances")
    return is_ending and instance in call["parameters"].values()


def test_a_lease_that_another_person_extends_ends_later_and_is_not_stopped(lone_story):
    story = lone_story
    approval, call, instance = launched(story)
    now = int(time.time())
    story.rows.edit_call(approval, call, lease_ends_at=now + HOUR // 2, due_at=now - 1)
    swept(story, approval, call, "warned")

    story.model.calls("extend_lease", {"instance_id": instance, "hours": 4})
    turn = story.user("bob").says(f"Extend the lease of {instance} by 4 hours.")
    extension = turn["approval"]["id"]
    seen = story.user("carol").sees_approval(extension, "pending")
    assert seen["sentence"].startswith(f"Extend the lease of {instance} by 4 hours in ")
    assert story.rows.call(approval, call)["lease_ends_at"] == now + HOUR // 2
    story.user("carol").approves(extension)
    closed = story.user("carol").sees_closed(extension)
    assert closed["calls"][0]["outcome"]["status"] == "succeeded"
    assert instance in closed["calls"][0]["outcome"]["text"]

    row = story.rows.call(approval, call)
    ends_at = now + HOUR // 2 + 4 * HOUR
    assert (row["lease_state"], row["lease_ends_at"]) == ("running", ends_at)
    assert row["due_at"] == ends_at - HOUR
    assert story.rows.events(approval)[-1] == "lease_extended"
    story.invoke("SweepFunction", {})
    assert story.rows.call(approval, call) == row
    assert story.instance(instance)["State"]["Name"] == "running"


def test_an_instance_that_nobody_launched_here_is_never_ended_whatever_the_ledger_says(lone_story):
    story = lone_story
    approval, call, instance = launched(story)
    foreign = story.aws.client("ec2").run_instances(
        ImageId="ami-012261b9035f8f938", InstanceType="t3.micro", MinCount=1, MaxCount=1
    )["Instances"][0]["InstanceId"]
    past = int(time.time()) - 1
    story.rows.edit_call(
        approval, call, instance_id=foreign, lease_ends_at=past - 8 * DAY, due_at=past
    )
    swept(story, approval, call, "refused")
    assert story.rows.events(approval)[-1] == "lease_refused"
    log = story.logs("EndLeaseFunction")
    assert any(foreign in line and "does not carry its tags" in line for line in log.splitlines())
    assert '"LeasesRefused":[1.0]' in log.replace(" ", "")
    assert not any(ends(call, foreign) for call in story.ec2_calls())
    states = [story.instance(one)["State"]["Name"] for one in (instance, foreign)]
    assert states == ["running", "running"]
