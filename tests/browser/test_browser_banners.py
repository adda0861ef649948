"""What every page says at its top: that launches are frozen, that nothing is started in shadow mode."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import check
from tests.browser.drawn_pages import at
from tests.browser.states import STATES
from tests.browser.test_browser_states import EVERYTHING, LOOKS
from tests.browser.told import AGENTS, ID, told, transcript
from tests.support.exhaustive import one_of

pytestmark = pytest.mark.browser

ROOM = 100
"""Pixels of a conversation that somebody on a small phone sees at least."""
FREEZE = {"frozen": True, "reason": "An incident <b>", "by": "Bob", "at": at(minutes=-9)}


@pytest.mark.parametrize("name", one_of(EVERYTHING))
def test_a_freeze_is_told_on_every_page(drawn, name):
    look = LOOKS[name]
    pages = drawn(look)
    pages.says("GET /freeze", FREEZE)
    pages.shows(STATES["pending"])
    for path in (None, "/inbox", "/"):
        page = pages.opens(path) if path else pages.page
        banner = page.locator("#freeze")
        expect(banner).to_contain_text("An incident <b>")
        expect(banner).to_contain_text("Bob")
        expect(banner).to_contain_text(
            "凍結中に承認しても、起動されません。"
            if look["locale"].startswith("ja")
            else "What is approved meanwhile is not started."
        )
        check(page)


@pytest.mark.parametrize("name", one_of(EVERYTHING))
def test_shadow_mode_is_told_on_every_page_and_in_the_inbox(drawn, name):
    look = LOOKS[name]
    pages, japanese = drawn(look), look["locale"].startswith("ja")
    pages.says("GET /healthz", {"model": "scripted", "launch": "dry_run"})
    row = STATES["pending, shadow mode"]
    pages.says("GET /approvals", {"approvals": [row], "after": None})
    sentence = (
        "シャドーモード：ここでは何も起動されません。"
        if japanese
        else "Shadow mode: nothing is started here."
    )
    pages.shows(row)
    rehearsed = (
        "リハーサルのみ：payments-test (123456789012)、ap-northeast-1 で t3.micro × 1 を起動します。"
        if japanese
        else row["sentence"]
    )
    expect(pages.page.locator("h1")).to_have_text(rehearsed)
    cost = pages.page.locator(".price")
    expect(cost).to_contain_text("起動した場合の料金" if japanese else "What it would cost")
    expect(cost).to_contain_text("起動した場合は" if japanese else "Were it started")
    for path in (None, "/inbox", "/"):
        page = pages.opens(path) if path else pages.page
        expect(page.locator("#mode")).to_contain_text(sentence)
        if path == "/inbox":
            pill = "シャドーモード" if japanese else "Shadow mode"
            expect(page.locator("#list .pill", has_text=pill)).to_have_count(1)
        check(page)


def test_where_launches_are_live_no_page_speaks_of_a_mode(drawn):
    pages = drawn(LOOKS["390 px, English, dark"])
    pages.says("GET /healthz", {"model": "scripted", "launch": "live"})
    for path in ("/inbox", "/"):
        with pages.page.expect_response(lambda answer: answer.url.endswith("/healthz")):
            page = pages.opens(path)
        expect(page.locator("#mode")).to_be_hidden()


@pytest.mark.parametrize("status", [401, 404, 500])
def test_where_nobody_can_say_whether_launches_are_frozen_there_is_no_banner(drawn, status):
    pages = drawn(LOOKS["390 px, English, dark"])
    pages.says("GET /freeze", {"code": "x", "detail": "x"}, status)
    with pages.page.expect_response(lambda answer: answer.url.endswith("/freeze")):
        page = pages.shows(STATES["pending"])
    expect(page.get_by_role("button", name="Approve 1 × t3.micro")).to_be_enabled()
    expect(page.locator("#freeze")).to_be_hidden()


def test_in_shadow_mode_while_frozen_a_small_phone_has_room_for_a_long_conversation(chat):
    pages = chat("phone, English, light", AGENTS)
    pages.page.set_viewport_size({"width": 320, "height": 568})
    pages.says("GET /healthz", {"model": "scripted", "launch": "dry_run"})
    pages.says("GET /freeze", FREEZE)
    turns = [told(number, message=f"Message {number}") for number in range(1, 21)]
    pages.says(f"GET /conversations/{ID}", transcript(*turns))
    page = pages.opens(f"/?c={ID}")
    expect(page.locator(".turn")).to_have_count(20)
    expect(page.locator("#freeze")).to_be_visible()
    expect(page.locator("#mode")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), "scrolls away"
    assert page.locator("#transcript").bounding_box()["height"] >= ROOM
