"""Calls that run Python in the conversation: their code, their results, and who is asked."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import check
from tests.browser.drawn_pages import at
from tests.browser.notebooks import (
    ANALYST,
    CODE,
    CONVERSATION,
    EC2,
    LONG,
    LOOKS,
    PHONE_LOOK,
    TABLE,
    TRACEBACK,
    WIDE_LOOK,
    asked,
    begun,
    ran,
    talk,
)
from tests.browser.told import HOSTILE
from tests.support.exhaustive import one_of

pytestmark = [pytest.mark.browser, pytest.mark.exhaustive]
AGENTS_HERE = [ANALYST, EC2]
PLAN = (
    "\nYou are trying to run Python in the conversation's notebook (run_python_code).\n"
    "Code:\n1 | import pandas as pd\n2 |     df = 1\n--------------------------------\n"
    "proceed? (y/n): "
)


def approval(status, closed_at=None):
    return {
        "id": "a" * 26,
        "status": status,
        "deciders": [{"name": "Bob", "email": "bob@example.com"}],
        "expires_at": at(hours=9),
        "closed_at": closed_at,
    }


@pytest.mark.parametrize("look", one_of(LOOKS))
def test_code_is_shown_in_its_lines_and_nothing_hides_in_it(chat, look):
    pages = chat(look, AGENTS_HERE)
    calls = [
        ran("c1", CODE, result=TABLE),
        ran("c2", "df['wek']\r\nמה\n", status="failed", result=TRACEBACK),
    ]
    page = begun(pages, asked(1, *calls))
    first, second = (page.locator(".tool-card").nth(number) for number in range(2))
    for card in (first, second):
        card.locator("summary").click()
    shown = [*CODE[:-1], "x = 'a⟨U+202E⟩b⟨U+00A0⟩c⟨U+200B⟩⟨U+27E8⟩'"]
    assert first.locator("pre.code").text_content() == "".join(f"{line}\n" for line in shown)
    assert second.locator("pre.code").text_content() == "df['wek']\nמה\n"
    expect(first.locator(".arguments")).to_contain_text("sales")
    expect(first.locator(".arguments")).not_to_contain_text("import")
    assert first.locator("pre.result").text_content() == TABLE
    assert second.locator("pre.result").text_content() == TRACEBACK
    lines = "one => Math.round(one.clientHeight / parseFloat(getComputedStyle(one).lineHeight))"
    assert first.locator("pre.result").evaluate(lines) <= 4
    mark = "コードが出力した文章" if "Japanese" in look else "Written by code"
    expect(first.locator(".outside")).to_contain_text(mark)
    check(page)
    room = page.locator("#transcript")
    assert room.evaluate("one => one.scrollWidth <= one.clientWidth")


def test_what_code_writes_is_never_more_than_text(chat):
    pages = chat(PHONE_LOOK, AGENTS_HERE)
    page = begun(pages, asked(1, ran("c1", HOSTILE, result=HOSTILE)))
    page.locator(".tool-card summary").click()
    for part in ("pre.code", "pre.result"):
        expect(page.locator(part)).to_contain_text("<img src=x")
        expect(page.locator(part)).to_contain_text("⟨U+202E⟩gnp.exe")
    assert page.locator(".tool-card :is(img, a)").count() == 0
    assert page.title() != "taken"


def test_long_code_and_results_are_cut_until_somebody_wants_them_and_then_stay(chat):
    pages = chat(PHONE_LOOK, AGENTS_HERE)
    call = ran("c1", LONG, result="y" * 5000)
    page = begun(pages, asked(1, call, status="working", reply=""))
    page.locator(".tool-card summary").click()
    code, result = page.locator("pre.code"), page.locator("pre.result")
    assert len(code.text_content().splitlines()) == 14
    assert len(result.text_content()) == 1200
    check(page)
    button = page.get_by_role("button", name="Show all of it (lines: 60)")
    expect(button).to_have_attribute("aria-expanded", "false")
    button.focus()
    page.keyboard.press("Enter")
    assert code.text_content() == LONG
    less = page.get_by_role("button", name="Show less")
    expect(less).to_be_focused()
    pages.says(CONVERSATION, talk(asked(1, call, reply="Here it is.")))
    expect(page.locator(".theirs > .text")).to_have_text("Here it is.")
    assert code.text_content() == LONG
    less.click()
    assert len(code.text_content().splitlines()) == 14


@pytest.mark.parametrize("look", one_of(LOOKS))
def test_code_that_waits_for_a_countersignature_reads_well_and_its_result_is_told_once(chat, look):
    pages = chat(look, AGENTS_HERE)
    japanese = "Japanese" in look
    waits = ran("c1", CODE, status="waiting", result=None)
    del waits["outside"]
    gated = {"status": "awaiting_approval", "reply": PLAN}
    page = begun(pages, asked(1, waits, **gated, approval=approval("preparing")))
    card = page.locator(".approval-card")
    expect(card).not_to_contain_text("AWS")
    pages.says(CONVERSATION, talk(asked(1, waits, **gated, approval=approval("pending"))))
    expect(card).to_contain_text("Bob が決定できます" if japanese else "Bob can decide.")
    plan = page.locator("pre.asked")
    assert "1 | import pandas as pd\n2 |     df = 1\n" in plan.text_content()
    assert "proceed?" not in plan.text_content()
    check(page)
    pages.says(CONVERSATION, talk(asked(1, waits, **gated, approval=approval("approved"))))
    running = "実行しています。" if japanese else "It is being carried out now."
    expect(card).to_contain_text(running)
    expect(card).not_to_contain_text("AWS")
    expect(page.locator(".tool-card summary .pill")).to_have_text(
        "実行中" if japanese else "Running"
    )
    done = ran("c1", CODE, result=TABLE)
    over = {"reply": f"{TABLE}\n\nTwo weeks.", "approval": approval("approved", at())}
    pages.says(CONVERSATION, talk(asked(1, done, **over)))
    expect(page.locator(".theirs > .text")).to_have_text("Two weeks.")
    expect(plan).to_have_count(0)
    check(page)


def test_a_result_without_a_last_word_is_shown_as_lines(chat):
    pages = chat(WIDE_LOOK, AGENTS_HERE)
    over = {"reply": TABLE, "approval": approval("approved", at())}
    page = begun(pages, asked(1, ran("c1", CODE, result=TABLE), **over))
    assert page.locator("pre.asked").text_content() == TABLE


def test_a_rejection_of_code_is_told_in_words(chat):
    pages = chat(WIDE_LOOK, AGENTS_HERE)
    sentence = "Bob rejected this; nothing was started."
    call = ran("c1", CODE, status="rejected", result=sentence)
    page = begun(pages, asked(1, call, reply=sentence, approval=approval("rejected", at())))
    expect(page.locator(".theirs > .text")).to_have_text(sentence)
