"""What Python made in a conversation: pictures, the notebook, and what is asked for them."""

import base64

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
    WIDE_LOOK,
    asked,
    begun,
    cell,
    notebook,
    picture,
    picture_route,
    png,
    ran,
    talk,
)
from tests.browser.told import AGENTS, ID, told, tool_call, transcript, turn
from tests.support.exhaustive import one_of

pytestmark = [pytest.mark.browser, pytest.mark.exhaustive]
AGENTS_HERE = [ANALYST, EC2]
DRAWN = ran("c1", "plot()", result="Done: 1 picture is shown.")
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw==")
SHOWN = """address => new Promise(tell => {
    const one = new Image();
    one.onload = () => tell(true);
    one.onerror = () => tell(false);
    one.src = address;
})"""
FITS = "document.querySelector('#transcript').scrollWidth <= document.querySelector('#transcript').clientWidth"


def asked_for(pages, route=NOTEBOOK):
    return sum(f"{method} {path}" == route for method, path, _ in pages.sent)


def send(page, text):
    field = page.locator("#message")
    field.fill(text)
    field.press("Enter")


@pytest.mark.parametrize("look", one_of(LOOKS))
def test_a_picture_stands_beside_its_call_and_opens_larger(chat, look):
    pages = chat(look, AGENTS_HERE)
    heard, tokens = [], []
    pages.page.on("console", lambda message: heard.append(message.text))
    pages.page.on(
        "request",
        lambda request: (
            "/pictures/" in request.url and tokens.append(request.headers["authorization"])
        ),
    )
    pages.says(picture_route("c1"), png(), **{"content-type": "image/png"})
    page = begun(pages, asked(1, DRAWN), cells=[cell("c1", picture())])
    drawn = page.locator(".tool-card + .pictures img")
    expect(drawn).to_have_attribute("alt", "a line that rises")
    expect(drawn).to_be_in_viewport()
    assert drawn.get_attribute("src").startswith("blob:")
    assert tokens == ["Bearer token"]
    made = "コードが作成した画像" if "Japanese" in look else "Made by code"
    expect(page.locator(".picture figcaption")).to_have_text(made)
    check(page)
    assert page.evaluate(FITS)
    button = page.locator(".picture-open")
    button.focus()
    page.keyboard.press("Enter")
    viewer = page.get_by_role("dialog", name="a line that rises")
    expect(viewer).to_contain_text(made)
    small, large = drawn.bounding_box(), viewer.locator("img").bounding_box()
    assert large["width"] > small["width"]
    check(page)
    page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    expect(button).to_be_focused()
    button.click()
    viewer.get_by_role("button").click()
    expect(viewer).to_be_hidden()
    assert heard == []


def test_without_an_agent_that_runs_python_nothing_of_it_is_there_and_nothing_is_asked_for(chat):
    pages = chat(WIDE_LOOK, [{**one, "python": False} for one in AGENTS])
    call = tool_call(arguments={"code": "JPY"}, result="x\n" * 3)
    pages.says(CONVERSATION, transcript(told(1, tool_calls=[call])))
    pages.says(NOTEBOOK, notebook(cell("id_fetch", picture()), files=[("a.csv", 1)]))
    page = pages.opens("/")
    expect(page.locator("#welcome")).to_be_visible()
    pages.says("POST /chat", turn(1, tool_calls=[call]))
    send(page, "hello")
    expect(page.locator(".tool-card")).to_have_count(1)
    page.reload()
    page.locator(".tool-card summary").click()
    expect(page.locator(".tool-card .arguments")).to_contain_text("code")
    for part in ("#attach", "#files", ".pictures", ".tool-card .code"):
        expect(page.locator(part).locator("visible=true")).to_have_count(0)
    assert asked_for(pages) == 0


def test_a_conversation_that_python_never_took_part_in_asks_for_no_notebook(chat):
    pages = chat(WIDE_LOOK, AGENTS_HERE)
    page = begun(pages, told(1, agent="ec2", tool_calls=[tool_call()]))
    expect(page.locator(".tool-card")).to_have_count(1)
    expect(page.locator("#attach")).to_be_hidden()
    assert asked_for(pages) == 0


def test_the_notebook_is_asked_for_once_when_something_may_have_changed(chat):
    pages = chat(PHONE_LOOK, AGENTS_HERE)
    pages.says(picture_route("c1"), png())
    pages.says(picture_route("c2"), png())
    page = begun(pages, asked(1, DRAWN), cells=[cell("c1", picture())])
    expect(page.locator(".picture img")).to_have_count(1)
    assert asked_for(pages) == 1
    pages.says("POST /chat", turn(2, agent="analyst", reply="No code."))
    send(page, "just talk")
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator(".turn.sending")).to_have_count(0)
    assert asked_for(pages) == 1
    working = turn(3, agent="analyst", status="working", reply="")
    pages.says("POST /chat", working)
    before = [asked(1, DRAWN), asked(2, reply="No code.")]
    still = {**working, "message": "plot again", "created_at": "2026-11-21T03:00:00Z"}
    pages.says(CONVERSATION, talk(*before, still))
    send(page, "plot again")
    expect(page.locator(".waiting")).to_contain_text("goes on even if you close this page")
    for _ in range(2):
        with page.expect_response(lambda answer: f"/conversations/{ID}?" in answer.url):
            pass
    assert asked_for(pages) == 1
    pages.says(NOTEBOOK, notebook(cell("c1", picture()), cell("c2", picture())))
    pages.says(CONVERSATION, talk(*before, asked(3, ran("c2", "plot()", result="Done"))))
    expect(page.locator(".picture img")).to_have_count(2)
    assert asked_for(pages) == 2
    assert [asked_for(pages, picture_route(call)) for call in ("c1", "c2")] == [1, 1]


def test_a_new_conversation_asks_for_nothing_before_code_ran(chat):
    pages = chat(PHONE_LOOK, [ANALYST])
    pages.says("POST /chat", turn(1, agent="analyst"))
    pages.says(NOTEBOOK, notebook(cell("c1", picture())))
    pages.says(picture_route("c1"), png())
    page = pages.opens("/")
    send(page, "hello")
    expect(page.locator(".turn .theirs .text")).to_have_text("Done.")
    assert asked_for(pages) == 0
    pages.says("POST /chat", turn(2, agent="analyst", tool_calls=[DRAWN]))
    send(page, "plot it")
    expect(page.locator(".picture img")).to_have_count(1)
    assert asked_for(pages) == 1


def test_only_pictures_are_shown_whatever_code_calls_its_output(chat):
    pages = chat(PHONE_LOOK, AGENTS_HERE)
    script = b"<svg xmlns='http://www.w3.org/2000/svg' onload=\"document.title='taken'\"><text>x</text></svg>"
    kinds = ("image/svg+xml", "text/html", "image/png", "image/jpeg")
    shown = [picture(number, mime, f"picture {number}") for number, mime in enumerate(kinds, 1)]
    for number, mime in enumerate(kinds, 1):
        pages.says(picture_route("c1", number), script, **{"content-type": mime})
    pages.says(picture_route("c1", 4), GIF, **{"content-type": "image/jpeg"})
    page = begun(pages, asked(1, DRAWN), cells=[cell("c1", *shown)])
    expect(page.locator(".picture")).to_have_count(2)
    for place, name in enumerate(("picture 3", "picture 4")):
        sentence = f"This picture could not be shown: {name}"
        expect(page.locator(".picture").nth(place)).to_contain_text(sentence)
    assert page.locator(".picture img").count() == 0
    asked_now = [asked_for(pages, picture_route("c1", number)) for number in (1, 2, 3, 4)]
    assert asked_now == [0, 0, 1, 1]
    assert page.title() != "taken"
    check(page)
    pages.says(picture_route("c1", 3), png())
    page.get_by_role("button", name="Try again").first.click()
    expect(page.locator(".picture img")).to_have_attribute("alt", "picture 3")


def test_a_picture_far_away_is_fetched_when_somebody_comes_to_it(chat):
    pages = chat(PHONE_LOOK, AGENTS_HERE)
    pages.says(picture_route("c1"), png())
    words = "\n".join(["a long answer"] * 120)
    turns = [asked(1, DRAWN), asked(2, ran("c2", "x"), reply=words)]
    page = begun(pages, *turns, cells=[cell("c1", picture()), cell("c2")])
    expect(page.locator(".picture")).to_have_text("A picture is being loaded")
    assert asked_for(pages, picture_route("c1")) == 0
    page.locator(".picture").scroll_into_view_if_needed()
    expect(page.locator(".picture img")).to_be_visible()


def test_nothing_of_a_picture_stays_when_its_conversation_is_left(chat):
    pages = chat(WIDE_LOOK, AGENTS_HERE)
    pages.says(picture_route("c1"), png())
    page = begun(pages, asked(1, DRAWN), cells=[cell("c1", picture())])
    address = page.locator(".picture img").get_attribute("src")
    assert page.evaluate(SHOWN, address)
    page.locator(".picture-open").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".picture")).to_have_count(0)
    assert not page.evaluate(SHOWN, address)


def test_the_notebook_is_saved_under_the_conversations_name(chat, tmp_path):
    pages = chat(PHONE_LOOK, AGENTS_HERE)
    route = f"{NOTEBOOK}.ipynb"
    pages.says(route, b'{"cells": []}', **{"content-type": "application/x-ipynb+json"})
    page = begun(pages, asked(1), files=[("a.csv", 2)])
    expect(page.locator(".files summary")).to_have_text("a.csv, 2 bytes")
    button = page.get_by_role("button", name="Download notebook")
    expect(button).to_have_count(0)
    pages.says(CONVERSATION, talk(asked(1, DRAWN), title='../売上 by week?\u202e "x"\n.exe'))
    pages.says(NOTEBOOK, notebook(cell("c1")))
    page.reload()
    with page.expect_download() as saved:
        button.click()
    assert saved.value.suggested_filename == "売上 by week x exe.ipynb"
    saved.value.save_as(tmp_path / "notebook.ipynb")
    assert (tmp_path / "notebook.ipynb").read_bytes() == b'{"cells": []}'
    pages.says(route, UNREACHABLE)
    button.click()
    expect(page.locator(".files [role=alert]")).to_contain_text("could not be reached")


def test_a_notebook_that_cannot_be_read_is_told_and_asked_for_again(chat):
    pages = chat(PHONE_LOOK, AGENTS_HERE)
    pages.says(CONVERSATION, talk(asked(1, DRAWN)))
    pages.says(NOTEBOOK, UNREACHABLE)
    pages.says(picture_route("c1"), png())
    page = pages.opens(f"/?c={ID}")
    problem = page.locator(".files-problem")
    expect(problem).to_contain_text("files and pictures could not be loaded")
    check(page)
    pages.says(NOTEBOOK, notebook(cell("c1", picture())))
    problem.get_by_role("button", name="Try again").click()
    expect(page.locator(".picture img")).to_have_count(1)
    expect(problem).to_be_hidden()


def test_where_there_is_no_notebook_any_more_the_conversation_is_still_read(chat):
    pages = chat(PHONE_LOOK, AGENTS_HERE)
    pages.says(CONVERSATION, talk(asked(1, DRAWN)))
    pages.says(NOTEBOOK, {"code": "not_found", "detail": "No."}, 404)
    with pages.page.expect_response(lambda answer: answer.url.endswith("/notebook")):
        page = pages.opens(f"/?c={ID}")
    expect(page.locator(".tool-card")).to_have_count(1)
    expect(page.locator(".files-problem")).to_be_hidden()
