"""What the chat page makes of answers that are rare: a used-up budget, a confirmation, a lost language."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import check, teach
from tests.browser.drawn_pages import DrawnPages, at
from tests.browser.visitor import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.exhaustive]

CONFIRMATION = (
    "\nYou are trying to start an instance.\n"
    "Below is information about the instance you are trying to launch.\n"
    "--------------------------------\n"
    "AMI ID: ami-012261b9035f8f938\n"
    "Instance type: t2.micro\n"
    "Key pair name: proceed? (y/n): no\n"
    "--------------------------------\n"
    "proceed? (y/n): "
)
TURN = {
    "conversation_id": "c" * 26,
    "turn": 1,
    "agent": "ec2",
    "status": "awaiting_approval",
    "reply": CONFIRMATION,
    "tool_calls": [],
    "approval": {
        "id": "a" * 26,
        "status": "pending",
        "deciders": [{"name": "Bob", "email": "bob@example.com"}],
        "expires_at": at(minutes=5),
        "closed_at": None,
    },
}
USED = {
    "code": "budget_used",
    "status": 429,
    "detail": "You have used your 200 turns of today.",
    "title": "Too Many Requests",
}


@pytest.fixture
def chat(chromium):
    opened = []

    def open_chat(locale="en-GB", **more):
        context = chromium.new_context(
            **{**PHONE, "locale": locale, "timezone_id": "Asia/Tokyo", **more}
        )
        teach(context)
        pages = DrawnPages(context, "kai")
        opened.append((context, pages))
        return pages

    yield open_chat
    for context, pages in opened:
        context.close()
        assert pages.complaints == []


def write(page, text):
    field = page.locator("#message")
    field.fill(text)
    field.press("Enter")
    return field


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [("en-GB", "You can send it again from"), ("ja-JP", "以降に、もう一度送信できます。")],
)
def test_a_used_up_budget_is_told_with_its_end_and_the_message_stays(chat, locale, sentence):
    pages = chat(locale)
    pages.says("POST /chat", USED, 429, **{"Retry-After": "3600"})
    page = pages.opens("/")
    field = write(page, "start one more")
    note = page.locator("#composer-note")
    expect(note).to_contain_text(USED["detail"])
    expect(note).to_contain_text(sentence)
    expect(field).to_have_value("start one more")
    expect(page.locator(".turn")).to_have_count(0)
    check(page)
    assert len(pages.bodies("POST /chat")) == 1


def test_the_confirmation_stands_without_its_question_above_who_decides(chat):
    pages = chat()
    pages.says("POST /chat", TURN)
    page = pages.opens("/")
    write(page, "t2.micro with kondo")
    turn = page.locator(".turn").last
    expect(turn.locator(".theirs .text")).to_have_text(
        CONFIRMATION.strip().removesuffix("proceed? (y/n):").strip()
    )
    expect(turn).to_contain_text("Bob can decide.")
    expect(turn).to_contain_text("Key pair name: proceed? (y/n): no")
    check(page)


def test_a_text_that_only_quotes_the_question_keeps_it(chat):
    pages = chat()
    quoted = {
        **TURN,
        "status": "completed",
        "approval": None,
        "reply": "It says:\nproceed? (y/n): ",
    }
    pages.says("POST /chat", quoted)
    page = pages.opens("/")
    write(page, "what does it say?")
    expect(page.locator(".turn .theirs .text")).to_have_text("It says:\nproceed? (y/n):")


@pytest.mark.parametrize(
    ("locale", "language"), [("ja", "ja"), ("en-US", "en"), ("de-DE", "en"), ("fr", "en")]
)
def test_the_pages_speak_the_browsers_language_or_english(chat, locale, language):
    page = chat(locale).opens("/inbox")
    heading = {"ja": "申請一覧", "en": "Requests"}[language]
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert page.locator("html").get_attribute("lang") == language
    assert page.title() == f"{heading} · Countersign"


def test_the_inbox_tells_account_and_price(chat):
    pages = chat()
    row = {
        "id": "a" * 26,
        "status": "pending",
        "agent": "ec2",
        "summary": "Start 1 × t3.micro",
        "requester": {"name": "Kai", "email": "kai@example.com"},
        "created_at": at(minutes=-1),
        "expires_at": at(minutes=9),
        "mine": True,
        "can_decide": False,
    }
    price = {"currency": "USD", "hourly": "0.0204", "monthly": "14.89", "lease": None}
    place = {"account": {"id": "123456789012", "alias": "payments-test"}, "region": "eu-west-1"}
    rows = [{**row, **place, "price": price}, {**row, "id": "b" * 26}]
    pages.says("GET /approvals", {"approvals": rows, "after": None})
    page = pages.opens("/inbox")
    items = page.locator("#list li")
    expect(items.first).to_contain_text("payments-test (123456789012), eu-west-1")
    expect(items.first).to_contain_text("USD 0.0204 per hour")
    expect(items).to_have_count(2)
    check(page)
