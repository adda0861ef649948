"""Practice is told as what it is, in the language of the page, and nothing else can look like it."""

import pytest
from playwright.sync_api import expect

from functions.shared import practice
from tests.browser.states import STATES, fixed, leaving
from tests.browser.test_browser_states import LOOKS

pytestmark = pytest.mark.browser

ENGLISH, JAPANESE = LOOKS["390 px, English, dark"], LOOKS["390 px, Japanese, light"]
PRACTICE = STATES["pending, practice"]


def test_a_practice_is_in_our_own_words_in_the_language_of_the_page(drawn):
    page = drawn(ENGLISH).shows(PRACTICE)
    expect(page.locator("blockquote")).to_have_text(practice.WORDS)
    expect(page.locator("main")).not_to_contain_text("wrote to the assistant")
    pages = drawn(JAPANESE)
    page = pages.shows(PRACTICE)
    expect(page.locator("blockquote")).to_contain_text("これは練習です。")
    expect(page.locator("main")).not_to_contain_text("practice.")
    pages.says("GET /approvals", {"approvals": [PRACTICE], "after": None})
    expect(pages.opens("/inbox").locator(".row-title")).to_have_text("練習")


def test_who_only_reads_a_practice_is_not_told_to_decide_it(drawn):
    read = {**PRACTICE, "can_decide": False}
    note = drawn(ENGLISH).shows(read).locator(".practice-note")
    expect(note).to_have_text("This is practice, for one approver alone: nothing is started.")


def test_an_argument_that_is_called_like_a_fact_of_ours_shows_what_the_model_said(drawn):
    one = leaving()
    said = [
        {"key": key, "label": key, "value": value, "source": "model", "level": "plain"}
        for key, value in (("practice", "wipe"), ("operator_runs", "other"))
    ]
    facts = [*one["facts"], *({**fact, "call": one["calls"][0]["id"]} for fact in said)]
    page = drawn(ENGLISH).shows({**one, "facts": facts})
    for fact in said:
        row = page.locator("dl.facts > div", has_text=fact["key"])
        expect(row.locator(".value")).to_have_text(fact["value"])


def test_yes_and_no_are_in_the_language_of_the_page(drawn):
    row = drawn(JAPANESE).shows(fixed()).locator("dl.facts > div", has_text="パブリックアドレス")
    expect(row.locator(".value")).to_have_text("いいえ")
