"""Code on the approver's page: all of it in its lines, nothing hidden, nothing moved, nothing run."""

import re
import unicodedata

import pytest
from playwright.sync_api import expect

from functions.shared.code_forms import text_of
from functions.shared.visible_text import visible_code
from tests.browser.axe import check, teach
from tests.browser.drawn_pages import DrawnPages
from tests.browser.states import CELL, STATES, in_sandbox, python
from tests.browser.test_browser_states import LOOKS
from tests.support.exhaustive import one_of

pytestmark = [pytest.mark.browser, pytest.mark.exhaustive]

SHOWN = visible_code(text_of(CELL))
STANDS_OUT = """
    [...document.querySelectorAll(".code-lines, .code-line")].filter((one) => {
      const style = getComputedStyle(one);
      return one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight + 1
        || style.maxHeight !== "none" || style.textOverflow !== "clip" || style.visibility !== "visible";
    }).length
"""


@pytest.fixture(
    params=one_of(["320 px, English, light", "390 px, Japanese, light", "desktop, English, dark"])
)
def pages(chromium, request):
    look = LOOKS[request.param]
    context = chromium.new_context(**{"reduced_motion": "reduce", "timezone_id": "UTC", **look})
    teach(context)
    pages = DrawnPages(context, "bob")
    yield pages
    context.close()
    assert pages.complaints == []


def test_every_line_stands_there_with_its_number_and_none_is_cut(pages):
    page = pages.shows(STATES["pending, Python"])
    lines = [line.removesuffix("\n") for line in page.locator(".code-line").all_text_contents()]
    assert lines == SHOWN.split("\n")
    assert page.evaluate(STANDS_OUT) == 0
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(width) == 0
    number = "getComputedStyle(document.querySelector('.code-line'), '::before').content"
    assert page.evaluate(number) == "counter(line)"
    check(page)


def test_the_last_line_can_be_read(pages):
    page = pages.shows(STATES["pending, Python"])
    last = page.locator(".code-line", has_text="print(total(frame))")
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport(ratio=1)


def test_what_is_copied_is_the_code_without_numbers(pages):
    page = pages.shows(STATES["pending, Python"])
    copied = page.evaluate(
        "(getSelection().selectAllChildren(document.querySelector('.code-lines')), getSelection().toString())"
    )
    assert copied.rstrip("\n") == SHOWN.rstrip("\n")


def test_what_would_not_be_seen_is_marked_and_nothing_of_it_is_left(pages):
    page = pages.shows(STATES["pending, Python"])
    assert page.locator(".code-line mark").all_text_contents() == re.findall(r"⟨[^⟩]*⟩", SHOWN)
    text = page.locator(".code-lines").text_content()
    kinds = {unicodedata.category(character) for character in text.replace("\n", "")}
    assert not {kind for kind in kinds if kind in ("Cf", "Cc", "Mn", "Zl", "Zp", "Co")}
    style = "getComputedStyle(document.querySelector('.code-lines'))"
    assert page.evaluate(f"{style}.unicodeBidi") == "bidi-override"
    assert page.evaluate(f"{style}.direction") == "ltr"


def test_nothing_of_it_becomes_an_element(pages):
    page = pages.shows(STATES["pending, Python"])
    assert page.locator(".code-lines").locator("img, script, a").count() == 0


def test_an_answer_that_marks_nothing_hides_nothing_either(pages):
    view, facts = python(arguments={"code": "x"})
    facts = [
        {**fact, "value": "a\u202eb\u200b"} if fact["key"] == "code" else fact for fact in facts
    ]
    page = pages.shows(in_sandbox((view, facts)))
    assert page.locator(".code-line").text_content() == "a⟨U+202E⟩b⟨U+200B⟩\n"


def test_two_calls_show_their_code_each(pages):
    page = pages.shows(STATES["pending, Python twice"])
    assert page.locator(".calls > li").count() == 2
    assert page.locator(".calls > li .code-lines").count() == 2
    expect(page.locator(".facts .warning", has_text="30")).to_have_count(1)
