"""Checked with AWS before anyone is asked: what would fail goes back to the conversation, what would not is shown."""

import json
import re

import pytest

from tests.story.script import KONDO
from tests.story.test_launch import asks_for_an_instance

pytestmark = pytest.mark.story


def asked_in_vain(story, arguments: dict | None = None) -> dict:
    """The transcript's turn of a request that was denied before anyone was asked."""
    story.model.calls(arguments=arguments)
    turn = story.user("alice").says("start")
    approval = turn["approval"]["id"]
    seen = story.user("alice").sees_closed(approval)
    assert seen["status"] == "denied"
    assert (seen["deciders"], seen["decisions"]) == ([], [])
    assert story.launches(approval) == []
    assert story.rows.events(approval) == ["requested", "denied", "closed"]
    told = story.user("alice").sees_turn(turn["conversation_id"], "completed")
    assert (told["tool_calls"][0]["status"], told["approval"]["id"]) == ("denied", approval)
    return told


def nobody_was_mailed(story, approval: str) -> bool:
    people = ("alice", "bob", "carol", "dana")
    return not any(story.mails(f"{person}@example.com", about=approval) for person in people)


@pytest.mark.parametrize(
    ("named", "to_act_on"),
    [
        ({"image_id": "ami-0badbadbadbadbad0"}, "name an AMI id of that region"),
        ({"key_name": "nobody"}, "name one that exists there, or create it first"),
    ],
    ids=["image", "key pair"],
)
def test_what_does_not_exist_is_told_before_anyone_is_asked_and_nobody_is_mailed(
    story, named, to_act_on
):
    """EC2-25."""
    told = asked_in_vain(story, {**KONDO, **named})
    result = told["tool_calls"][0]["result"]
    assert to_act_on in result
    assert all(value in result for value in named.values())
    assert "nothing was started" in result
    last_word = story.until(lambda: story.model.requests()[1:])[0]
    [given] = [message for message in last_word["messages"] if message["role"] == "tool"]
    assert given["tool_call_id"] == told["tool_calls"][0]["id"]
    assert json.loads(given["content"])["status"] == "denied"
    assert to_act_on in given["content"]
    assert nobody_was_mailed(story, told["approval"]["id"])


def test_what_aws_would_refuse_the_launch_role_is_told_before_anyone_is_asked(story):
    """EC2-25: the dry run is refused, and its encoded message stays out of the conversation."""
    key_name = story.new_key_pair()
    message = "You are not authorized. Encoded authorization failure message: c2VjcmV0LXBvbGljeQ"
    story.ec2_fails("UnauthorizedOperation", about=key_name, dry_run=True, message=message)
    told = asked_in_vain(story, {**KONDO, "key_name": key_name})
    result = told["tool_calls"][0]["result"]
    assert "UnauthorizedOperation" in result
    assert "ask your operator" in result
    assert "c2VjcmV0LXBvbGljeQ" not in told["reply"] + result
    assert nobody_was_mailed(story, told["approval"]["id"])


def test_an_account_without_a_default_network_hears_which_setting_to_change(story):
    key_name = story.new_key_pair()
    story.ec2_fails("VPCIdNotSpecified", about=key_name, dry_run=True)
    told = asked_in_vain(story, {**KONDO, "key_name": key_name})
    assert "subnet_ids under targets in countersign.yaml" in told["reply"]


def test_a_denied_request_can_be_mended_in_the_same_conversation(story):
    told = asked_in_vain(story, {**KONDO, "key_name": "nobody"})
    story.model.calls()
    again = story.user("alice").says("Then take kondo.", told["conversation_id"])
    approval = again["approval"]["id"]
    assert approval != told["approval"]["id"]
    story.user("bob").approves(approval)
    story.user("bob").sees_closed(approval)
    assert len(story.instances(approval)) == 1


def test_facts_and_price_stand_on_the_page_and_in_the_mail_with_source_and_date(story):
    approval = asks_for_an_instance(story)["approval"]["id"]
    page = story.user("bob").sees_approval(approval, "pending")
    facts = {fact["key"]: fact for fact in page["facts"]}
    said = [fact["label"] for fact in page["facts"] if fact["source"] == "model"]
    assert said == ["AMI ID", "Instance type", "Key pair name"]
    assert facts["account"]["value"] == page["account"]["id"] == "000000000000"
    assert (facts["account"]["source"], facts["region"]["source"]) == ("operator", "operator")
    assert facts["image_name"]["value"] == "al2023-ami-2023.9.20251117.1-kernel-6.1-x86_64"
    assert facts["image_owner"]["value"] == "137112412989 (amazon)"
    checked = ("image_name", "image_owner", "image_age", "root_volume")
    assert {facts[key]["source"] for key in checked} == {"aws"}
    assert page["sentence"] == "Start 1 × t2.micro in 000000000000, us-east-1, for 8 hours."

    price = page["price"]
    assert price == page["calls"][0]["price"]
    assert (price["currency"], price["source"]) == ("USD", "table")
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", price["as_of"])
    assert 0.01 < float(price["hourly"]) < 0.05
    assert float(price["lease"]) == pytest.approx(8 * float(price["hourly"]), abs=0.01)
    assert page["lease"] == {"hours": 8}

    [mail] = story.until(lambda: story.mails("bob@example.com", about=approval))
    for fact in ("image_name", "image_age", "root_volume"):
        assert f"{facts[fact]['label']}: {facts[fact]['value']} (checked with AWS)" in mail["text"]
    assert f"{price['hourly']} USD/h" in mail["text"]
    assert f"(shipped price table, {price['as_of']})" in mail["text"]
    assert len(mail["subject"]) < 100
    assert "Alice: 1 x t2.micro in 000000000000, 0.02 USD/h, by" in mail["subject"]
