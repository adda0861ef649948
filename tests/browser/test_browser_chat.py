"""The chat page by itself: keyboard, failures, history, hostile texts, sign-out."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import PHONE, asks_for_an_instance

pytestmark = pytest.mark.browser

HOSTILE = (
    "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>\n"
    "![pixel](https://evil.example/p.png) [click](javascript:document.title='taken') "
    "https://evil.example \u202egnp.exe\u200b"
)


def test_everything_can_be_done_from_the_keyboard(story, visit):
    story.model.calls()
    alice = visit("alice")
    page = alice.opens()
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    page.keyboard.type("first line")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type(f"second line {story.mark}")
    page.keyboard.press("Enter")
    expect(page.locator(".turn .mine .text")).to_have_text(f"first line\nsecond line {story.mark}")
    link = alice.last_turn().get_by_role("link", name="Open request")
    approval = link.get_attribute("href").rpartition("/")[2]
    story.user("bob").sees_approval(approval, "pending")

    bob = visit("bob")
    page = bob.opens(f"/a/{approval}")
    expect(page.locator("#request h1")).to_be_focused()
    pressed = reach(page, "Approve 1 × t2.micro")
    assert pressed < 16
    page.keyboard.press("Enter")
    expect(page.locator(".verdict")).to_be_focused()
    expect(page.locator(".outcomes")).to_contain_text(re.compile(r"\bi-[0-9a-f]{8,17}\b"))


def reach(page, name):
    """Press Tab until the button has the focus; how often it took."""
    for pressed in range(1, 40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            return pressed
    raise AssertionError(f"{name} cannot be reached with Tab")


def test_the_first_tab_leads_past_the_navigation(visit):
    page = visit("alice").opens("/inbox")
    expect(page.locator("#list-panel")).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the requests"


def test_enter_that_ends_a_composition_sends_nothing(story, visit):
    page = visit("alice").opens()
    field = page.get_by_label("Message", exact=True)
    field.fill("こんにちは")
    for detail in ({"isComposing": True}, {"keyCode": 229}):
        pressed = {"key": "Enter", "bubbles": True, "cancelable": True, **detail}
        field.dispatch_event("keydown", pressed)
    expect(field).to_have_value("こんにちは")
    expect(page.locator(".turn")).to_have_count(0)


def test_texts_of_models_and_people_stay_texts(story, visit):
    story.model.says(HOSTILE)
    story.model.calls()
    alice = visit("alice")
    alice.opens()
    alice.writes(f"{HOSTILE} {story.mark}")
    alice.writes(HOSTILE)
    approval = alice.last_turn().get_by_role("link", name="Open request").get_attribute("href")
    story.user("bob").sees_approval(approval.rpartition("/")[2], "pending")
    page = visit("bob", **PHONE).opens(approval)
    expect(page.locator("blockquote")).to_contain_text("<script>document.title='taken'</script>")
    for seen, place in ((alice.page, "#turns"), (page, "#request")):
        expect(seen.locator(place)).to_contain_text("⟨U+202E⟩gnp.exe⟨U+200B⟩")
        expect(seen.locator(place)).not_to_contain_text("\u202e")
        assert (
            seen.locator(
                f"{place} :is(img, script, iframe, a[href^='http'], a[href^='java'])"
            ).count()
            == 0
        )
        assert "taken" not in seen.title()


def test_a_failed_turn_is_tried_again_as_the_same_request(story, visit):
    for _ in range(4):
        story.model.fails(500)
    story.model.says("Here I am again.")
    alice = visit("alice")
    alice.expects(502)
    alice.opens()
    keys = []
    alice.page.on(
        "request",
        lambda request: (
            request.method == "POST"
            and request.url.endswith("/chat")
            and keys.append(request.headers["idempotency-key"])
        ),
    )
    alice.writes(f"hello {story.mark}")
    answer = alice.page.get_by_text("Here I am again.", exact=True)
    while not answer.is_visible():
        expect(alice.last_turn()).to_contain_text("Unable to generate ChatCompletion response")
        alice.page.get_by_role("button", name="Try again").click()
        expect(alice.page.locator(".turn.sending")).to_have_count(0)
        assert len(keys) < 6
    assert len(keys) > 1
    assert len(set(keys)) == 1
    expect(alice.page.locator(".turn")).to_have_count(1)


def test_a_turn_without_any_answer_can_be_sent_again(story, visit):
    story.model.says("Now it went through.")
    alice = visit("alice")
    alice.opens()
    alice.expected.append("net::ERR_FAILED")
    alice.page.route("**/chat", lambda route: route.abort(), times=1)
    alice.writes(f"hello {story.mark}")
    expect(alice.last_turn()).to_contain_text("could not be reached")
    alice.page.get_by_role("button", name="Try again").click()
    expect(alice.last_turn()).to_contain_text("Now it went through.")
    expect(alice.page.locator(".turn")).to_have_count(1)


def test_a_refused_message_goes_back_to_where_it_was_written(story, visit):
    carol = visit("carol")
    carol.expects(403)
    page = carol.opens()
    field = page.get_by_label("Message", exact=True)
    field.fill("start one")
    field.press("Enter")
    expect(page.locator("#composer-note")).to_contain_text("not in the group of requesters")
    expect(field).to_have_value("start one")
    expect(page.locator(".turn")).to_have_count(0)


def test_conversations_are_found_again_and_deleted(story, visit):
    story.model.says("One answer.")
    alice = visit("alice", **PHONE)
    page = alice.opens()
    alice.writes(f"remember me {story.mark}")
    address = page.url
    assert "/?c=" in address
    page.reload()
    expect(page.locator(".turn")).to_contain_text("One answer.")
    page.get_by_role("button", name="Show conversations").tap()
    page.get_by_role("button", name="New conversation").tap()
    expect(page.get_by_role("heading", name="What should change?")).to_be_visible()
    page.go_back()
    expect(page.locator(".turn")).to_contain_text("One answer.")
    page.get_by_role("button", name="Show conversations").tap()
    row = page.locator("#history-list li").filter(has_text=f"remember me {story.mark}")
    row.get_by_role("button", name=re.compile("Delete remember me")).tap()
    row = page.locator("#history-list li.asking")
    row.get_by_role("button", name="Delete").tap()
    expect(page.get_by_text(f"remember me {story.mark}")).to_have_count(0)
    alice.expects(404)
    alice.opens(address)
    expect(page.locator("#notice")).to_contain_text("does not exist, or it is not yours")


def test_escape_closes_the_drawer_and_gives_the_focus_back(visit):
    page = visit("alice", **PHONE).opens()
    toggle = page.get_by_role("button", name="Show conversations")
    toggle.tap()
    expect(page.get_by_role("button", name="Close conversations")).to_be_focused()
    page.keyboard.press("Escape")
    expect(toggle).to_be_focused()
    expect(page.get_by_role("button", name="New conversation")).not_to_be_visible()


def test_after_signing_out_nothing_is_shown_and_nothing_can_be_had(story, visit):
    approval = asks_for_an_instance(story)
    carol = visit("carol", signed_in=False)
    page = carol.opens(f"/a/{approval}")
    carol.signs_in()
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    [session] = [one for one in carol.context.cookies() if "session" in one["name"]]
    carol.account().click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    assert carol.context.cookies() == []
    page.go_back()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    revoked = {"Cookie": f"{session['name']}={session['value']}", "Origin": story.url}
    assert story.http.post("/session", headers=revoked).json()["code"] == "signed_out"


def test_scripts_cannot_reach_the_session(visit):
    alice = visit("alice")
    page = alice.opens()
    expect(page.get_by_label("Message", exact=True)).to_be_visible()
    assert "session" not in page.evaluate("document.cookie")
    assert page.evaluate("localStorage.length") == 0
    kept = page.evaluate("JSON.stringify({...sessionStorage})")
    assert "eyJ" not in kept
