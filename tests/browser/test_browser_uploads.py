"""Files that somebody gives to a conversation: how they get there, and how they go."""

import gzip

import pytest
from playwright.sync_api import expect

from tests.browser.axe import check
from tests.browser.drawn_pages import UNREACHABLE
from tests.browser.notebooks import (
    ANALYST,
    CONVERSATION,
    EC2,
    LOOKS,
    NOTEBOOK,
    PHONE_LOOK,
    ROWS,
    WIDE_LOOK,
    asked,
    begun,
    choose,
    file,
    file_route,
    kept,
    rows,
    said,
    talk,
)
from tests.browser.told import ID, turn
from tests.support.exhaustive import one_of

pytestmark = [pytest.mark.browser, pytest.mark.exhaustive]
AGENTS_HERE = [ANALYST, EC2]


@pytest.mark.parametrize("look", one_of(LOOKS))
def test_a_file_begins_a_conversation_that_the_first_message_goes_on_with(chat, look):
    pages = chat(look, AGENTS_HERE)
    route = file_route("sales.csv", conversation="new")
    types = []
    pages.page.on(
        "request",
        lambda request: (
            request.method == "PUT"
            and types.append((request.headers["content-type"], request.headers["authorization"]))
        ),
    )
    pages.says(route, kept("sales.csv", 950), 201)
    pages.says(file_route("second.tsv"), kept("second.tsv", 950), 201)
    page = pages.opens("/")
    expect(page.locator("#attach")).to_be_hidden()
    page.locator(".agent-picker select").select_option("analyst")
    expect(page.locator("#attach")).to_be_visible()
    limits = "10 MB" in page.locator("#files-limits").inner_text()
    assert limits
    check(page)
    choose(page, file(), file("second.tsv"))
    list_ = page.locator(".files summary")
    expect(list_).to_contain_text("2")
    expect(rows(page)).to_have_count(0)
    assert gzip.decompress(said(pages, route)[0]) == ROWS
    assert types == [("application/gzip", "Bearer token")] * 2
    assert page.url.endswith(f"/?c={ID}")
    list_.click()
    expect(page.locator(".file")).to_have_count(2)
    expect(page.locator(".file").first).to_contain_text("sales.csv")
    check(page)
    pages.says("POST /chat", turn(agent="analyst"))
    page.locator("#message").fill("what is in it?")
    page.locator("#message").press("Enter")
    expect(page.locator(".turn .theirs .text")).to_have_text("Done.")
    assert pages.bodies("POST /chat") == [
        {"message": "what is in it?", "conversation_id": ID, "agent": "analyst"}
    ]
    assert said(pages, NOTEBOOK) == []
    expect(list_).to_contain_text("2")


def test_a_conversation_of_files_alone_is_found_again_with_who_can_read_them(chat):
    pages = chat(WIDE_LOOK, [EC2, ANALYST])
    page = begun(pages, files=[("sales.csv", 950)])
    expect(page.locator(".agent-picker select")).to_have_value("analyst")
    expect(page.locator(".files summary")).to_have_text("sales.csv, 950 bytes")
    pages.says("POST /chat", turn(agent="analyst"))
    page.locator("#message").fill("look")
    page.locator("#message").press("Enter")
    expect(page.locator(".turn .theirs .text")).to_have_text("Done.")
    assert pages.bodies("POST /chat") == [
        {"message": "look", "conversation_id": ID, "agent": "analyst"}
    ]


def test_the_control_is_reached_by_keyboard_and_a_file_may_be_dropped(chat):
    pages = chat(WIDE_LOOK, AGENTS_HERE)
    pages.says(file_route("dropped.csv"), kept("dropped.csv"), 201)
    page = begun(pages, asked(1))
    expect(page.locator("#message")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_label("Add CSV or TSV files")).to_be_focused()
    style = page.locator("#attach").evaluate("one => getComputedStyle(one).outlineStyle")
    assert style == "solid"
    with page.expect_file_chooser():
        # A busy page takes a key before what DevTools said earlier; an answer shows that it listens.
        page.evaluate("null")
        page.keyboard.press("Enter")
    given = page.evaluate_handle(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["a,b"], "dropped.csv", { type: "text/csv" }));
            return data;
        }"""
    )
    place = page.locator("#transcript")
    place.dispatch_event("dragover", {"dataTransfer": given})
    expect(page.locator("#main")).to_have_class("dropping")
    place.dispatch_event("drop", {"dataTransfer": given})
    expect(page.locator(".files summary")).to_contain_text("dropped.csv")
    expect(page.locator("#main")).to_have_class("")


def test_a_name_is_made_one_that_the_api_takes(chat):
    pages = chat(PHONE_LOOK, AGENTS_HERE)
    name = "売上 _1 50_.csv"
    pages.says(file_route(name), kept(name), 201)
    page = begun(pages, asked(1))
    choose(page, file("..売上\u3000#1 50%.csv"))
    expect(page.locator(".files summary")).to_contain_text(name)


def test_while_a_file_is_on_its_way_no_message_is_sent_and_it_can_be_stopped(chat):
    pages = chat(PHONE_LOOK, AGENTS_HERE)
    held = []
    page = begun(pages, asked(1))
    page.route("**/files/*", lambda route: held.append(route))
    choose(page, file(), file("other.csv"))
    first, second = rows(page).nth(0), rows(page).nth(1)
    expect(first).to_contain_text("Being")
    expect(first.get_by_role("progressbar")).to_be_visible()
    expect(second).to_contain_text("Waiting")
    check(page)
    page.locator("#message").fill("what is in it?")
    page.locator("#message").press("Enter")
    expect(page.locator("#composer-note")).to_contain_text("A file is still on its way.")
    expect(page.locator("#message")).to_have_value("what is in it?")
    page.get_by_role("button", name="Stop sending sales.csv").click()
    expect(rows(page)).to_have_count(1)
    page.wait_for_function("document.querySelector('.upload').textContent.includes('Being')")
    held[1].fulfill(status=201, json=kept("other.csv"))
    expect(rows(page)).to_have_count(0)
    expect(page.locator("#composer-note")).to_have_text("")
    pages.says("POST /chat", turn(2, agent="analyst"))
    page.locator("#message").press("Enter")
    expect(page.locator(".turn")).to_have_count(2)
    assert len(pages.bodies("POST /chat")) == 1


def test_a_file_on_its_way_is_stopped_when_the_conversation_is_left(chat):
    pages = chat(WIDE_LOOK, AGENTS_HERE)
    page = begun(pages, asked(1))
    page.route("**/files/*", lambda route: None)
    choose(page, file())
    expect(rows(page)).to_contain_text("Being sent")
    with page.expect_event("requestfailed", lambda request: request.method == "PUT"):
        page.get_by_role("button", name="New conversation").click()
    expect(rows(page)).to_have_count(0)
    expect(page.locator("#announcer")).to_contain_text("Not sent any further: sales.csv")


@pytest.mark.parametrize("look", one_of(LOOKS))
def test_a_file_is_removed_after_a_second_word(chat, look):
    pages = chat(look, AGENTS_HERE)
    gone = file_route("a <b>.csv", "DELETE")
    pages.says(gone, UNREACHABLE)
    page = begun(pages, asked(1), files=[("a <b>.csv", 1200), ("b.csv", 2_000_000)])
    english = "English" in look
    page.locator(".files summary").click()
    first = page.locator(".file").first
    expect(first).to_contain_text("a <b>.csv")
    expect(first).to_contain_text("1.2")
    name = "Remove a <b>.csv" if english else "a <b>.csv を削除"
    first.get_by_role("button", name=name).click()
    expect(page.get_by_role("button", name="Keep" if english else "残す")).to_be_focused()
    check(page)
    yes = first.get_by_role("button", name="Remove" if english else "削除する")
    yes.click()
    expect(first.get_by_role("alert")).to_contain_text("Countersign")
    pages.says(gone, None, 204)
    yes.click()
    expect(page.locator(".file")).to_have_count(1)
    expect(page.locator(".files summary")).to_be_focused()
    expect(page.locator(".files summary")).to_contain_text("b.csv")
    assert len(said(pages, gone)) == 2
    check(page)


def test_while_a_first_message_is_on_its_way_a_file_waits_for_its_conversation(chat):
    pages = chat(WIDE_LOOK, [ANALYST])
    held = []
    pages.says(CONVERSATION, talk(asked(1)))
    pages.says(file_route("sales.csv"), kept("sales.csv"), 201)
    page = pages.opens("/")
    page.route("**/chat", lambda route: held.append(route))
    page.locator("#message").fill("hello")
    page.locator("#message").press("Enter")
    expect(page.locator("#attach-files")).to_be_disabled()
    held[0].fulfill(json=turn(1, agent="analyst"))
    expect(page.locator("#attach-files")).to_be_enabled()
    choose(page, file())
    expect(page.locator(".files summary")).to_contain_text("sales.csv")
