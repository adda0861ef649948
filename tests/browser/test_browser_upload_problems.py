"""Files that do not get into a conversation: what is said, and what can be done."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import check
from tests.browser.drawn_pages import UNREACHABLE
from tests.browser.notebooks import (
    ANALYST,
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
    notebook,
    rows,
    said,
)
from tests.support.exhaustive import one_of

pytestmark = [pytest.mark.browser, pytest.mark.exhaustive]
AGENTS_HERE = [ANALYST, EC2]
EXISTS = {"code": "file_exists", "detail": "x", "status": 409}
WITHOUT_COMPRESSION = "delete globalThis.CompressionStream"


@pytest.mark.parametrize("look", one_of(LOOKS))
def test_what_cannot_be_added_is_told_before_anything_is_sent(chat, look):
    pages = chat(look, AGENTS_HERE)
    standing = [(f"{number}.csv", 10) for number in range(9)]
    pages.says(file_route("fine.csv"), kept("fine.csv"), 201)
    page = begun(pages, asked(1), files=standing)
    big = file("big.csv", b"0" * (10 * 1024 * 1024 + 1))
    choose(
        page, file("notes.pdf"), file("empty.csv", b""), big, file("fine.csv"), file("eleventh.csv")
    )
    english = "English" in look
    sentences = (
        ["only files that end in .csv", "is empty", "at most 10 MB", "There are 10 files"]
        if english
        else [".csv または .tsv", "空です", "10 MB まで", "すでに 10 件"]
    )
    expect(rows(page)).to_have_count(4)
    for number, sentence in enumerate(sentences):
        expect(rows(page).nth(number)).to_contain_text(sentence, ignore_case=True)
    expect(page.locator(".files summary")).to_contain_text("10")
    check(page)
    assert [path for method, path, _ in pages.sent if method == "PUT"] == [
        file_route("fine.csv").partition(" ")[2]
    ]
    expect(page.locator("#attach-files")).to_be_disabled()
    for _ in range(4):
        rows(page).first.get_by_role("button").click()
    expect(page.locator("#files-limits")).to_contain_text("10")
    check(page)


def test_what_does_not_get_small_enough_is_not_sent(chat):
    pages = chat(WIDE_LOOK, AGENTS_HERE)
    page = begun(pages, asked(1))
    page.evaluate(
        """() => {
            const content = new Uint8Array(5_000_000);
            for (let at = 0; at < content.length; at += 65536) crypto.getRandomValues(content.subarray(at, at + 65536));
            const data = new DataTransfer();
            data.items.add(new File([content], "noise.csv"));
            const input = document.querySelector("#attach-files");
            input.files = data.files;
            input.dispatchEvent(new Event("change"));
        }"""
    )
    expect(rows(page)).to_contain_text("Even compressed this file has 5 MB; at most 4.4 MB")
    assert [method for method, _, _ in pages.sent if method == "PUT"] == []


def test_where_the_browser_cannot_compress_small_files_are_sent_as_they_are(chat):
    pages = chat(PHONE_LOOK, AGENTS_HERE)
    pages.page.add_init_script(WITHOUT_COMPRESSION)
    pages.says(file_route("sales.tsv"), kept("sales.tsv"), 201)
    page = begun(pages, asked(1))
    with page.expect_request(lambda request: request.method == "PUT") as sent:
        choose(page, file("sales.tsv"), file("large.csv", b"1,2\n" * 1_200_000))
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("This browser cannot compress files")
    assert sent.value.headers["content-type"] == "text/tab-separated-values"
    assert said(pages, file_route("sales.tsv")) == [ROWS]


def test_of_two_files_of_one_name_both_are_kept_or_one_replaced(chat):
    pages = chat(PHONE_LOOK, AGENTS_HERE)
    pages.says(file_route("sales.csv"), EXISTS, 409)
    pages.says(file_route("sales (3).csv"), kept("sales (3).csv"), 201)
    pages.says(file_route("sales.csv", "DELETE"), None, 204)
    page = begun(pages, asked(1), files=[("sales.csv", 1), ("sales (2).csv", 2)])
    choose(page, file())
    expect(rows(page)).to_contain_text("A file of this name is already in the conversation.")
    check(page)
    rows(page).get_by_role("button", name="Keep both").click()
    expect(page.locator(".files summary")).to_have_text("3 files, 11 bytes")
    choose(page, file())
    gone = file_route("sales.csv", "DELETE")
    pages.reacts[gone] = lambda _: pages.says(file_route("sales.csv"), kept("sales.csv", 950), 201)
    pages.says(
        NOTEBOOK, notebook(files=[("sales.csv", 1), ("sales (2).csv", 2), ("sales (3).csv", 8)])
    )
    rows(page).get_by_role("button", name="Replace the old one").click()
    expect(page.locator(".files summary")).to_have_text("3 files, 960 bytes")
    assert len(said(pages, gone)) == 1
    pages.says(file_route("sales.csv"), EXISTS, 409)
    choose(page, file())
    rows(page).get_by_role("button", name="Leave it out").click()
    expect(rows(page)).to_have_count(0)


def test_without_a_way_to_the_api_a_file_waits_to_be_tried_again(chat):
    pages = chat(PHONE_LOOK, AGENTS_HERE)
    pages.says(file_route("sales.csv"), UNREACHABLE)
    page = begun(pages, asked(1))
    choose(page, file())
    expect(rows(page)).to_contain_text("Countersign could not be reached.")
    check(page)
    pages.says(file_route("sales.csv"), kept("sales.csv"), 201)
    rows(page).get_by_role("button", name="Try again").click()
    expect(page.locator(".files summary")).to_contain_text("sales.csv")
    assert len(said(pages, file_route("sales.csv"))) == 2


def test_a_file_whose_answer_was_lost_is_not_taken_for_another(chat):
    pages = chat(PHONE_LOOK, AGENTS_HERE)
    pages.says(file_route("sales.csv"), UNREACHABLE)
    page = begun(pages, asked(1))
    choose(page, file())
    expect(rows(page)).to_contain_text("Countersign could not be reached.")
    pages.says(file_route("sales.csv"), EXISTS, 409)
    pages.says(NOTEBOOK, notebook(files=[("sales.csv", len(ROWS))]))
    rows(page).get_by_role("button", name="Try again").click()
    expect(rows(page)).to_have_count(0)
    expect(page.locator(".files summary")).to_have_text("sales.csv, 950 bytes")


def test_whoever_is_signed_out_meanwhile_is_told_and_keeps_what_was_written(chat):
    pages = chat(PHONE_LOOK, AGENTS_HERE)
    pages.says(file_route("sales.csv"), {"message": "Unauthorized"}, 401)
    page = begun(pages, asked(1))
    page.locator("#message").fill("half a sentence")
    choose(page, file())
    expect(rows(page)).to_contain_text("Sign in, then choose it again.")
    check(page)
    page.route("**/session/login**", lambda route: route.fulfill(status=204))
    rows(page).get_by_role("link", name="Sign in").click()
    kept_draft = "sessionStorage.getItem('countersign.draft')"
    assert page.evaluate(kept_draft) == "half a sentence"


def test_of_a_conversation_that_was_deleted_elsewhere_a_new_one_is_offered(chat):
    pages = chat(PHONE_LOOK, AGENTS_HERE)
    pages.says(file_route("sales.csv"), {"code": "not_found", "detail": "x"}, 404)
    page = begun(pages, asked(1))
    choose(page, file())
    expect(rows(page)).to_contain_text("This conversation does not exist, or it is not yours.")
    rows(page).get_by_role("button", name="New conversation").click()
    expect(page.locator("#welcome")).to_be_visible()
    assert page.url.endswith("/")


def test_a_refusal_of_the_api_is_told_in_the_pages_language(chat):
    pages = chat("360 px, Japanese, dark", AGENTS_HERE)
    page = begun(pages, asked(1))
    for code, status, sentence in (
        ("files_full", 409, "1 件削除してから"),
        ("file_too_large", 413, "10 MB まで"),
        ("bad_file", 400, "テキストの表ではありません"),
        ("bad_file_name", 400, "名前を変えてから"),
    ):
        pages.says(file_route("a.csv"), {"code": code, "detail": "x", "status": status}, status)
        choose(page, file("a.csv"))
        expect(rows(page).last).to_contain_text(sentence)
        again = rows(page).last.get_by_role("button", name="再試行")
        expect(again).to_have_count(1 if status == 409 else 0)
        rows(page).last.get_by_role("button", name="追加しない").click()
