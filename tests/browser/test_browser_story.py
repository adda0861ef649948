"""The main job through the pages: asked in the chat, countersigned on a phone, told in the chat."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import PHONE, asks_for_an_instance

pytestmark = pytest.mark.browser

INSTANCE = re.compile(r"\bi-[0-9a-f]{8,17}\b")


def mailed_link(story, to, approval):
    [mail] = story.until(lambda: story.mails(f"{to}@example.com", about=approval))
    return re.search(r"https?://\S+/a/\w+", mail["text"]).group()


def waiting_approval(visitor):
    link = visitor.last_turn().get_by_role("link", name="Open request").get_attribute("href")
    return link.rpartition("/")[2]


def test_a_launch_is_asked_for_countersigned_and_told(story, visit):
    story.model.says("Which AMI, which type, and which key pair?")
    story.model.says("And the key pair?")
    story.model.calls()
    alice = visit("alice", signed_in=False)
    alice.opens()
    alice.signs_in()
    alice.writes(f"I want to run a new EC2 instance. {story.mark}")
    alice.writes("AMI ID is ami-012261b9035f8f938. Instance type is t2.micro.")
    expect(alice.last_turn()).to_contain_text("And the key pair?")
    alice.writes("kondo")
    expect(alice.last_turn()).to_contain_text("Waiting for a countersignature")
    expect(alice.last_turn()).to_contain_text("Bob or Carol can decide")
    expect(alice.last_turn().locator(".countdown")).to_contain_text("left")
    approval = waiting_approval(alice)

    bob = visit("bob", signed_in=False, **PHONE)
    page = bob.opens(mailed_link(story, "bob", approval))
    bob.signs_in()
    assert page.url.endswith(f"/a/{approval}")
    for shown in ("ami-012261b9035f8f938", "t2.micro", "kondo", "us-east-1", "000000000000"):
        expect(page.locator("#request")).to_contain_text(shown)
    expect(page.locator("#request")).to_contain_text("written by the requester")
    expect(page.locator("#request")).to_contain_text("set by your operator")
    expect(page.locator("blockquote")).to_have_text("kondo")
    assert story.launches(approval) == []
    page.get_by_role("button", name="Approve").tap()
    expect(page.locator(".verdict")).to_contain_text("Approved by you")
    expect(page.locator(".outcomes")).to_contain_text(INSTANCE)

    [instance] = story.instances(approval)
    expect(page.locator(".outcomes")).to_contain_text(instance)
    expect(alice.last_turn()).to_contain_text("Approved and done.")
    expect(alice.last_turn().locator(".text").last).to_contain_text(instance)
    assert len(story.launches(approval)) == 1


def test_the_second_approval_in_a_fresh_tab_takes_one_tap_and_no_typing(story, visit):
    first, second = asks_for_an_instance(story), asks_for_an_instance(story)
    bob = visit("bob", signed_in=False, **PHONE)
    bob.opens(f"/a/{first}")
    bob.signs_in()
    bob.page.get_by_role("button", name="Approve").tap()
    expect(bob.page.locator(".verdict")).to_contain_text("Approved by you")
    bob.page.close()

    page = bob.opens(mailed_link(story, "bob", second), fresh_tab=True)
    page.get_by_role("button", name="Approve").tap()
    expect(page.locator(".outcomes")).to_contain_text(INSTANCE)
    assert len(story.launches(second)) == 1


def test_opening_and_reading_decides_nothing(story, visit):
    approval = asks_for_an_instance(story)
    bob = visit("bob", **PHONE)
    page = bob.opens(f"/a/{approval}")
    page.get_by_text("Full plan and digest").click()
    page.get_by_role("button", name="Reject").click()
    page.get_by_role("button", name="Back").click()
    page.reload()
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()
    assert story.user("bob").approval(approval)["status"] == "pending"


def test_a_rejection_with_its_reason_is_told_in_the_chat(story, visit):
    story.model.calls()
    alice = visit("alice")
    alice.opens()
    alice.writes(f"start one {story.mark}")
    approval = waiting_approval(alice)
    story.user("carol").sees_approval(approval, "pending")
    carol = visit("carol", **PHONE)
    page = carol.opens(f"/a/{approval}")
    page.get_by_role("button", name="Reject").tap()
    page.get_by_label("Your own words (optional)").fill("Not before Monday.")
    page.get_by_role("button", name="Reject with these words").tap()
    expect(page.locator(".verdict")).to_contain_text("Rejected by you")
    expect(page.locator(".verdict blockquote")).to_have_text("Not before Monday.")
    expect(alice.last_turn()).to_contain_text("Rejected. Nothing was started.")
    expect(alice.last_turn().locator(".text").last).to_contain_text("Not before Monday.")
    assert story.launches(approval) == []


def test_a_request_taken_back_turns_into_its_end_in_place(story, visit):
    story.model.calls()
    alice = visit("alice", **PHONE)
    alice.opens()
    alice.writes(f"start one {story.mark}")
    approval = waiting_approval(alice)
    story.user("alice").sees_approval(approval, "pending")
    alice.page.get_by_role("button", name="Cancel request").tap()
    alice.page.get_by_role("button", name="Keep waiting").tap()
    assert story.user("alice").approval(approval)["status"] == "pending"
    alice.page.get_by_role("button", name="Cancel request").tap()
    alice.page.get_by_role("button", name="Yes, cancel it").tap()
    expect(alice.last_turn()).to_contain_text("Cancelled. Nothing was started.")
    alice.opens(f"/a/{approval}")
    expect(alice.page.locator(".verdict")).to_contain_text("cancelled this request")


def test_requesters_are_told_why_they_cannot_decide_their_own(story, visit):
    approval = asks_for_an_instance(story, who="bob")
    bob = visit("bob", **PHONE)
    page = bob.opens(f"/a/{approval}")
    expect(page.locator("#foot")).to_contain_text("another person has to decide")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)


def test_a_request_of_others_does_not_exist_for_who_may_not_see_it(story, visit):
    approval = asks_for_an_instance(story, who="bob")
    alice = visit("alice", **PHONE)
    alice.expects(404)
    page = alice.opens(f"/a/{approval}")
    expect(page.locator("#notice")).to_contain_text("No such request")
    expect(page.locator("#notice")).to_contain_text("alice@example.com")


def test_who_decides_second_is_shown_what_was_decided_first(story, visit):
    approval = asks_for_an_instance(story)
    carol = visit("carol", **PHONE)
    carol.expects(409)
    page = carol.opens(f"/a/{approval}")
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()
    unheard = re.compile(f"/approvals/{approval}$")
    page.route(unheard, lambda route: route.abort())
    carol.expected.append("net::ERR_FAILED")
    story.user("bob").rejects(approval, "no")

    def listen_again(route):
        page.unroute(unheard)
        route.continue_()

    page.route("**/decision", listen_again)
    page.get_by_role("button", name="Approve").tap()
    expect(page.locator("#request [role=alert]")).to_have_text("Someone else decided first.")
    expect(page.locator(".verdict")).to_contain_text("Rejected by Bob")
    assert story.launches(approval) == []


def test_the_inbox_leads_to_what_waits_and_keeps_what_was_decided(story, visit):
    approval = asks_for_an_instance(story)
    bob = visit("bob", **PHONE)
    page = bob.opens("/inbox")
    page.locator(f'#list a[href="/a/{approval}"]').tap()
    page.get_by_role("button", name="Approve").tap()
    expect(page.locator(".verdict")).to_contain_text("Approved by you")
    bob.opens("/inbox")
    expect(page.locator("#list-panel")).to_be_visible()
    expect(page.locator(f'#list a[href="/a/{approval}"]')).to_have_count(0)
    page.get_by_role("tab", name="Decided").tap()
    expect(page.locator(f'#list a[href="/a/{approval}"]')).to_contain_text("Approved")
