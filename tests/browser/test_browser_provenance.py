"""The approval page says who said each argument, what was read before, and where a call goes."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import teach
from tests.browser.drawn_pages import DrawnPages
from tests.browser.states import STATES
from tests.browser.visitor import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.exhaustive]


@pytest.fixture
def shown(chromium):
    context = chromium.new_context(**{**PHONE, "locale": "en-GB", "timezone_id": "UTC"})
    teach(context)
    pages = DrawnPages(context, "bob")
    yield lambda state: pages.shows(STATES[state])
    context.close()
    assert pages.complaints == []


def rows_of(page):
    return page.locator(".facts > div")


def test_each_argument_is_marked_with_who_said_it(shown):
    rows = rows_of(shown("pending, after a text from outside"))
    for label, words in (
        ("AMI ID", "from a function's result"),
        ("Instance type", "made up by the model"),
        ("Key pair name", "written by the requester"),
        ("Image owner", "checked with AWS"),
        ("Subnet", "set by your operator"),
    ):
        expect(rows.filter(has_text=label)).to_contain_text(words)
    expect(shown("pending").locator(".facts > div").filter(has_text="AMI ID")).to_contain_text(
        "said by the model"
    )


def test_a_text_from_outside_is_warned_of_before_the_facts_and_only_where_there_was_one(shown):
    page = shown("pending, after a text from outside")
    warning = page.get_by_role("note")
    expect(warning).to_have_text(
        "The model had read text from outside (fetch) before it asked for this."
    )
    above = warning.evaluate(
        "one => one.getBoundingClientRect().bottom < document.querySelector('.facts').getBoundingClientRect().top"
    )
    assert above
    expect(page.locator(".people")).to_contain_text("security")
    expect(shown("pending").get_by_role("note")).to_have_count(0)


def test_a_call_that_leaves_the_account_is_not_told_as_happening_in_it(shown):
    page = shown("pending, leaves the account")
    expect(page.locator(".places")).to_have_count(0)
    expect(page.locator(".price")).to_have_count(0)
    expect(page.locator("h1")).to_have_text("Send POST to tickets.example.com (create_ticket).")
    rows = rows_of(page)
    expect(rows.filter(has_text="Address")).to_contain_text("https://tickets.example.com/v1/{team}")
    expect(rows.filter(has_text="title")).to_contain_text("Disk full <b>")
    expect(rows.filter(has_text="hours")).to_have_count(1)
    expect(rows.filter(has_text="Hours more")).to_have_count(0)
    button = page.get_by_role("button", name="Approve create_ticket at tickets.example.com")
    expect(button).to_be_enabled()


def test_calls_of_several_kinds_are_decided_one_by_one_on_one_page(shown):
    page = shown("pending, three kinds")
    for what in ("1 × t3.micro", "create_ticket at tickets.example.com", "stop i-0a1b2c3d"):
        expect(page.get_by_role("switch", name=f"Approve {what}")).to_be_checked()
    expect(page.get_by_role("note")).to_contain_text("(fetch, search)")
    expect(page.locator(".places")).to_contain_text("payments-test")
    calls = page.locator(".calls > li")
    expect(calls).to_have_count(3)
    expect(calls.nth(1)).to_contain_text("tickets.example.com")
    expect(calls.nth(1)).not_to_contain_text("AMI ID")
