"""No violation of WCAG 2.2 A and AA that axe-core can find, in light and dark; and sizes for thumbs."""

import json

import pytest
from playwright.sync_api import expect

from local.programs import ROOT
from tests.browser.visitor import DESKTOP, PHONE, asks_for_an_instance

pytestmark = pytest.mark.browser

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RULES = {"runOnly": {"type": "tag", "values": LEVELS}, "rules": {"target-size": {"enabled": True}}}
THUMB = 44
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
        visitor.context.add_init_script(path=AXE)
        return visitor

    return open_browser


def violations(page):
    found = page.evaluate(f"axe.run(document, {json.dumps(RULES)})")["violations"]
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found
        for node in one["nodes"]
    ]


def small_targets(page):
    """Controls that a thumb would miss; links inside sentences excepted, as WCAG does."""
    return page.evaluate(
        """least => [...document.querySelectorAll("a, button, summary, select, input, textarea")]
          .filter(one => one.checkVisibility({visibilityProperty: true}) && !one.classList.contains("skip"))
          .map(one => [one.closest("label") ?? one, one.getBoundingClientRect()])
          .map(([one, box]) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
          .filter(([, box]) => Math.min(box.width, box.height) < least - 0.5)
          .map(([text, box]) => `${text} ${box.width}x${box.height}`)""",
        THUMB,
    )


def check(page, *, sideways=True):
    assert violations(page) == []
    assert small_targets(page) == []
    if sideways:
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
            "scrolls sideways"
        )


@pytest.mark.parametrize("look", LOOKS)
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
    page.get_by_label("Reason (optional)").fill("not today")
    page.get_by_role("button", name="Reject request").click()
    expect(page.locator(".verdict")).to_be_visible()
    check(page)


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
