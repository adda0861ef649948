"""No violation of WCAG 2.2 A and AA that axe-core can find, in light and dark; and sizes for thumbs."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import check, teach
from tests.browser.visitor import DESKTOP, PHONE, asks_for_an_instance
from tests.support.exhaustive import one_of

pytestmark = pytest.mark.browser

LOOKS = [
    pytest.param({**look, "color_scheme": scheme, "reduced_motion": "reduce"}, id=f"{name} {scheme}")
    for name, look, scheme in (
        ("phone", PHONE, "light"),
        ("phone", PHONE, "dark"),
        ("desktop", DESKTOP, "light"),
        ("desktop", DESKTOP, "dark"),
    )
]  # fmt: skip


@pytest.fixture
def look_at(visit, request):
    """Open a browser that can check its own pages."""

    def open_browser(name, look, **more):
        visitor = visit(name, **look, **more)
        teach(visitor.context)
        return visitor

    return open_browser


@pytest.mark.parametrize("look", one_of(LOOKS))
def test_the_chat_can_be_used_by_everyone(story, look_at, look):
    alice = look_at("alice", look)
    alice.expects(502)
    page = alice.opens()
    expect(page.locator(".sample").first).to_be_visible()
    check(page)
    story.model.calls()
    alice.writes(f"start one {story.mark}")
    expect(page.get_by_role("button", name="Cancel request")).to_be_visible()
    page.locator(".tool-card summary").click()
    check(page)
    page.get_by_role("button", name="Cancel request").click()
    check(page)
    alice.account().click()
    check(page)
    page.keyboard.press("Escape")
    if look["viewport"] == PHONE["viewport"]:
        page.get_by_role("button", name="Show conversations").click()
        check(page)


@pytest.mark.exhaustive
@pytest.mark.parametrize("look", LOOKS)
def test_the_approval_page_can_be_used_by_everyone(story, look_at, look):
    approval = asks_for_an_instance(story)
    bob = look_at("bob", look)
    page = bob.opens(f"/a/{approval}")
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    check(page)
    page.get_by_text("Full plan and digest").click()
    page.get_by_role("button", name="Reject").click()
    check(page)
    page.get_by_label("Your own words (optional)").fill("not today")
    page.get_by_role("button", name="Reject with these words").click()
    expect(page.locator(".verdict")).to_be_visible()
    check(page)


@pytest.mark.exhaustive
@pytest.mark.parametrize("look", LOOKS)
def test_the_inbox_and_a_signed_out_page_can_be_used_by_everyone(story, look_at, look):
    asks_for_an_instance(story)
    page = look_at("carol", look).opens("/inbox")
    expect(page.locator("#list li").first).to_be_visible()
    check(page)
    page.get_by_role("tab", name="Decided").click()
    check(page)
    stranger = look_at("carol", look, signed_in=False)
    page = stranger.opens("/inbox")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    check(page)
    stranger.expects(400)
    page = stranger.opens("/session/callback?state=x")
    expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()
    check(page)
