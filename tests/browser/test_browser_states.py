"""Every state of the approval page, in both languages, light and dark, on small phones and desktops."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import check
from tests.browser.states import STATES
from tests.browser.visitor import DESKTOP, PHONE
from tests.support.exhaustive import one_of

pytestmark = pytest.mark.browser

SMALL = {**PHONE, "viewport": {"width": 320, "height": 640}}
LOOKS = {
    "320 px, English, light": {**SMALL, "locale": "en-GB", "color_scheme": "light"},
    "320 px, Japanese, dark": {**SMALL, "locale": "ja-JP", "color_scheme": "dark"},
    "390 px, English, dark": {**PHONE, "locale": "en-US", "color_scheme": "dark"},
    "390 px, Japanese, light": {**PHONE, "locale": "ja", "color_scheme": "light"},
    "desktop, English, dark": {**DESKTOP, "locale": "en-US", "color_scheme": "dark"},
    "desktop, Japanese, light": {**DESKTOP, "locale": "ja-JP", "color_scheme": "light"},
}
EVERYTHING = ("320 px, Japanese, dark", "desktop, English, dark")
"""Looks in which every state is read; in the others, those that differ most."""
MEASURED = EVERYTHING[0]
"""The look in which axe-core measures every state: the narrowest, with the faintest colours."""
SOME = (
    "pending, Python",
    "pending, three kinds",
    "pending, after a text from outside",
    "rejected",
    "denied",
)
WORDS = {
    "en": {
        "preparing": "is being checked with AWS before anyone is asked",
        "pending": "Approve 1 × t3.micro",
        "pending, shipped prices": "From the price table shipped with Countersign",
        "pending, first release": "Start 1 × t3.micro in 123456789012, ap-northeast-1.",
        "pending, two calls": "Switched on: USD 0.0612 per hour",
        "pending, after a text from outside": "The model had read text from outside (fetch) before",
        "pending, leaves the account": "Send POST to tickets.example.com (create_ticket).",
        "pending, practice": "This is practice, for you alone.",
        "pending, everything fixed": "CostCenter = 4711",
        "pending, shadow mode": "Asked for in shadow mode: nothing is started, whatever is decided",
        "running in shadow mode": "AWS is asked now whether it would work.",
        "done in shadow mode": "Shadow mode: AWS would have taken this. Nothing was started.",
        "pending, three kinds": "Approve create_ticket at tickets.example.com",
        "pending, Python": "Approve Python (run_python_code)",
        "pending, a function of a file": "Approve total of figures.py",
        "pending, Python twice": "on this machine, NOT fully confined, at most 30 seconds",
        "running Python": "It is being done now.",
        "Python failed": "Written outside Countersign",
        "not eligible": "who may not decide this request",
        "own request": "another person has to decide",
        "self confirming": "recorded as self-confirmed",
        "running": "AWS is doing it now",
        "done": "i-0a1b2c3d4e5f60718",
        "done, self-confirmed": "self-confirmed",
        "frozen at launch": "Launches are frozen by Bob",
        "unknown": "Outcome unknown",
        "rejected": "Rejected by Carol",
        "partly": "1 × t3.small",
        "expired": "Nobody decided before",
        "cancelled": "Kai cancelled this request",
        "denied": "UnauthorizedOperation: the launch role",
        "failed": "There is no approver",
    },
    "ja": {
        "preparing": "申請内容を AWS で確認しています",
        "pending": "承認：t3.micro × 1",
        "pending, shipped prices": "Countersign に同梱された料金表",
        "pending, first release": "123456789012、ap-northeast-1 で t3.micro × 1 を起動します。",
        "pending, two calls": "オンの合計：1 時間あたり USD 0.0612",
        "pending, after a text from outside": "外部の文章（fetch）を読んでいます",
        "pending, leaves the account": "create_ticket（送信先 tickets.example.com）",
        "pending, practice": "これはあなただけの練習です。",
        "pending, everything fixed": "暗号化されるディスク",
        "pending, shadow mode": "シャドーモードでの依頼です。",
        "running in shadow mode": "実行できるかどうかを AWS に問い合わせています。",
        "done in shadow mode": "Shadow mode: AWS would have taken this. Nothing was started.",
        "pending, three kinds": "i-0a1b2c3d の停止",
        "pending, Python": "承認：Python の実行（run_python_code）",
        "pending, a function of a file": "このマシンのサンドボックス内：ネットワークなし、認証情報なし、最長 30 秒",
        "pending, Python twice": "この会話のノートブックに図を描画",
        "running Python": "実行しています。",
        "Python failed": "Countersign の外部で書かれた文章です",
        "not eligible": "決定する権限がありません",
        "own request": "別の担当者による決定が必要です",
        "self confirming": "自己承認として記録されます",
        "running": "AWS で実行しています",
        "done": "i-0a1b2c3d4e5f60718",
        "done, self-confirmed": "自己承認",
        "frozen at launch": "Launches are frozen by Bob",
        "unknown": "結果不明",
        "rejected": "Carol が却下しました",
        "partly": "t3.small × 1",
        "expired": "までに決定されませんでした",
        "cancelled": "Kai さんがこの申請を取り消しました",
        "denied": "UnauthorizedOperation: the launch role",
        "failed": "There is no approver",
    },
}


@pytest.mark.parametrize("name", one_of(LOOKS, "390 px, English, dark"))
def test_every_state_is_told_and_can_be_used_by_everyone(drawn, name):
    look = LOOKS[name]
    pages = drawn(look)
    language = look["locale"][:2]
    assert WORDS[language].keys() == STATES.keys()
    for state in STATES if name in EVERYTHING else SOME:
        approval = STATES[state]
        page = pages.shows(approval)
        assert page.locator("html").get_attribute("lang") == language
        expect(page.locator("body"), state).to_contain_text(WORDS[language][state])
        over = page.locator(".verdict").count() == 1
        assert over == (approval["status"] not in ("pending", "preparing")), state
        title = {
            "en": "What was asked" if over else "What will happen",
            "ja": "依頼された内容" if over else "実行される内容",
        }[language]
        if len(approval["calls"]) == 1:
            expect(page.locator("h2", has_text=title), state).to_have_count(1)
        assert page.locator("#foot button.primary").count() == (1 if approval["can_decide"] else 0)
        assert "undefined" not in page.inner_text("body"), state
        told = page.inner_text("main").replace(page.inner_text(".plan >> nth=-1"), "")
        assert "{" not in told.replace("/v1/{team}", "")
        if state in SOME or name == MEASURED:
            for closed in page.locator("details.plan").all():
                closed.locator("summary").click()
            check(page)


@pytest.mark.parametrize("name", one_of(EVERYTHING))
def test_rejecting_is_two_taps_with_a_reason(drawn, name):
    look = LOOKS[name]
    pages = drawn(look)
    page = pages.shows(STATES["pending"])
    english = look["locale"].startswith("en")
    route = f"POST /approvals/{STATES['pending']['id']}/decision"
    pages.says(route, STATES["rejected"])
    page.get_by_role("button", name="Reject" if english else "却下").click()
    expect(page.locator("#foot h2")).to_be_focused()
    check(page)
    page.get_by_role("button", name="Wrong size" if english else "サイズが不適切").click()
    expect(page.locator(".verdict")).to_be_visible()
    reason = "Wrong size" if english else "サイズが不適切"
    digest = STATES["pending"]["digest"]
    assert pages.bodies(route) == [{"decision": "reject", "digest": digest, "reason": reason}]


def test_a_reason_and_words_go_together_and_words_alone_too(drawn):
    pages = drawn(LOOKS["390 px, English, dark"])
    route = f"POST /approvals/{STATES['pending']['id']}/decision"
    pages.says(route, STATES["rejected"])
    for button in ("Ask again with details", "Reject with these words"):
        page = pages.shows(STATES["pending"])
        page.get_by_role("button", name="Reject").tap()
        page.get_by_label("Your own words (optional)").fill("Which load test?")
        page.get_by_role("button", name=button).tap()
        expect(page.locator(".verdict")).to_be_visible()
    assert [body["reason"] for body in pages.bodies(route)] == [
        "Ask again with details: Which load test?",
        "Which load test?",
    ]


def test_calls_are_switched_one_by_one_and_the_button_says_what_it_does(drawn):
    pages = drawn(LOOKS["390 px, English, dark"])
    approval = STATES["pending, two calls"]
    page = pages.shows(approval)
    route = f"POST /approvals/{approval['id']}/decision"
    pages.says(route, STATES["partly"])
    expect(page.get_by_role("button", name="Approve 1 × t3.micro, 1 × t3.small")).to_be_enabled()
    switch = page.get_by_role("switch", name="Approve 1 × t3.small")
    switch.tap()
    expect(page.locator(".chosen-price")).to_have_text("Switched on: USD 0.0204 per hour")
    check(page)
    page.get_by_role("switch", name="Approve 1 × t3.micro").tap()
    expect(page.get_by_role("button", name="Nothing is switched on")).to_be_disabled()
    check(page)
    page.get_by_role("switch", name="Approve 1 × t3.micro").tap()
    page.get_by_role("button", name="Approve 1 × t3.micro (1 of 2)").tap()
    expect(page.locator(".verdict")).to_be_focused()
    assert pages.bodies(route) == [
        {
            "decision": "approve",
            "digest": approval["digest"],
            "calls": [
                {"id": "call_1", "decision": "approve"},
                {"id": "call_2", "decision": "reject"},
            ],
        }
    ]


def test_a_plan_that_changed_is_shown_again_before_anything_is_decided(drawn):
    pages = drawn(LOOKS["390 px, English, dark"])
    approval = STATES["pending"]
    page = pages.shows(approval)
    other = {**approval, "digest": "f" * 64, "sentence": "Start 1 × t3.large somewhere else."}
    route = f"POST /approvals/{approval['id']}/decision"
    pages.says(route, {"code": "digest_differs", "detail": "x", "status": 409}, 409)
    pages.reacts[route] = lambda _: pages.says(f"GET /approvals/{approval['id']}", other)
    page.get_by_role("button", name="Approve").tap()
    expect(page.get_by_role("alert")).to_contain_text("changed while you were reading")
    expect(page.locator("h1")).to_have_text("Start 1 × t3.large somewhere else.")
    check(page)
    pages.says(route, STATES["done"])
    page.get_by_role("button", name="Approve").tap()
    expect(page.locator(".verdict")).to_be_visible()
    assert [body["digest"] for body in pages.bodies(route)] == [approval["digest"], "f" * 64]


def test_times_are_told_in_the_stages_zone_and_facts_with_their_marks(drawn):
    pages = drawn({**LOOKS["390 px, Japanese, light"]})
    page = pages.shows(STATES["pending"])
    expect(page.locator(".deadline")).to_contain_text("JST")
    pages = drawn({**LOOKS["390 px, English, dark"]})
    page = pages.shows(STATES["pending"])
    expect(page.locator(".deadline")).to_contain_text("GMT+9")
    rows = page.locator(".facts > div")
    expect(rows.first).to_contain_text("Warning: Open to the world")
    expect(rows.filter(has_text="AMI ID")).to_contain_text("said by the model")
    expect(rows.filter(has_text="Image owner")).to_contain_text("checked with AWS")
    expect(rows.filter(has_text="Subnet")).to_contain_text("set by your operator")
    unchecked = rows.filter(has_text="vCPU quota: AWS gave no answer")
    expect(unchecked.locator(".source")).to_have_count(0)
    expect(rows.filter(has_text="A label of tomorrow")).to_contain_text("source unknown")
    figures = page.locator(".price")
    for shown in ("USD 0.0204", "USD 14.89", "USD 0.16", "AWS list price, read Nov 21, 2026"):
        expect(figures).to_contain_text(shown)
    expect(page.locator(".people")).to_contain_text("0a3992db7f82")


def test_everything_on_the_page_is_reached_by_keyboard_and_the_focus_is_seen(drawn):
    pages = drawn(LOOKS["desktop, English, dark"])
    page = pages.shows(STATES["pending, two calls"])
    expect(page.locator("h1")).to_be_focused()
    reached = []
    for _ in range(20):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            """() => { const one = document.activeElement, style = getComputedStyle(one);
                return [one.textContent.trim() || one.closest("label")?.textContent.trim(),
                        style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2]; }"""
        )
        reached.append(seen)
        if seen[0].startswith("Approve 1 × t3.micro, "):
            break
    assert [text for text, seen in reached if not seen] == []
    names = [text for text, _ in reached]
    assert names[:2] == ["Approve 1 × t3.micro", "Approve 1 × t3.small"]
    assert names[-2:] == ["Reject", "Approve 1 × t3.micro, 1 × t3.small"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#foot h2")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert pages.bodies(f"POST /approvals/{STATES['pending']['id']}/decision") == []
