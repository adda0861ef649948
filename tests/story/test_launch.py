import pytest

pytestmark = pytest.mark.story


def asks_for_an_instance(story, who="alice") -> dict:
    """The turn in which the model has called run_instances."""
    story.model.calls()
    turn = story.user(who).says("I want to run a new EC2 instance.")
    assert turn["status"] == "awaiting_approval", turn
    return turn


def test_an_approved_launch_starts_one_instance_and_the_conversation_knows(story):
    turn = asks_for_an_instance(story)
    approval = turn["approval"]["id"]
    assert story.launches(approval) == []

    story.user("bob").approves(approval)
    closed = story.user("alice").sees_closed(approval)

    assert closed["status"] == "approved"
    [launch] = story.launches(approval)
    [instance] = story.instances(approval)
    assert launch["answer"] == {"status": 200, "instance_ids": [instance]}
    sent = launch["parameters"]
    assert (sent["ImageId"], sent["InstanceType"], sent["KeyName"]) == (
        "ami-012261b9035f8f938",
        "t2.micro",
        "kondo",
    )
    assert (sent["MinCount"], sent["MaxCount"]) == ("1", "1")
    assert len(sent["ClientToken"]) == 64
    told = story.until(
        lambda: story.user("alice").last_turn(turn["conversation_id"]),
        lambda seen: seen["status"] == "completed",
    )
    assert instance in told["reply"] + told["tool_calls"][0]["result"]


def test_a_rejected_launch_starts_nothing_and_its_reason_reaches_the_requester(story):
    turn = asks_for_an_instance(story)
    approval = turn["approval"]["id"]
    story.user("carol").rejects(approval, "not today")
    story.user("alice").sees_closed(approval)
    assert story.launches(approval) == []
    told = story.user("alice").sees_turn(turn["conversation_id"], "completed")
    assert told["tool_calls"][0]["status"] == "rejected"
    assert "not today" in told["tool_calls"][0]["result"]


def test_nobody_approves_their_own_request(story):
    approval = asks_for_an_instance(story, who="bob")["approval"]["id"]
    refused = story.user("bob").decides(approval, "approve")
    assert (refused.status_code, refused.json()["code"]) == (403, "own_request")
    assert story.user("bob").approval(approval)["status"] == "pending"
    assert story.launches(approval) == []


def test_a_requester_who_is_no_approver_is_refused(story):
    approval = asks_for_an_instance(story, who="bob")["approval"]["id"]
    digest = story.user("carol").sees_approval(approval, "pending")["digest"]
    refused = story.user("alice").decides(approval, "approve", digest=digest)
    assert refused.status_code in (403, 404)
    assert story.user("carol").approval(approval)["status"] == "pending"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_opening_the_mails_link_changes_nothing(story, method):
    approval = asks_for_an_instance(story)["approval"]["id"]
    link = f"{story.url}/a/{approval}"
    before = story.user("bob").sees_approval(approval, "pending")
    [mail] = story.until(lambda: story.mails("bob@example.com", about=approval))
    assert link in mail["text"]
    for _ in range(20):
        story.http.request(method, link)
    assert story.user("bob").approval(approval) == before
    assert story.launches(approval) == []


def test_those_who_may_decide_are_mailed_and_the_requester_is_not(story):
    approval = asks_for_an_instance(story, who="bob")["approval"]["id"]
    story.until(lambda: story.mails("carol@example.com", about=approval))
    assert story.mails("bob@example.com", about=approval) == []
    assert story.mails("alice@example.com", about=approval) == []
