"""The chat page with several agents: choosing one, being handed over, giving results, reading them."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import check, teach
from tests.browser.drawn_pages import DrawnPages
from tests.browser.visitor import DESKTOP, PHONE

pytestmark = pytest.mark.browser

ID = "c" * 26
HOSTILE = (
    "<img src=x onerror=\"document.title='taken'\"> [click](javascript:alert(1)) \u202egnp.exe"
)
LOOKS = {
    "phone, English, light": {**PHONE, "locale": "en-GB", "color_scheme": "light"},
    "phone, Japanese, dark": {**PHONE, "locale": "ja-JP", "color_scheme": "dark"},
    "desktop, English, dark": {**DESKTOP, "locale": "en-US", "color_scheme": "dark"},
    "desktop, Japanese, light": {**DESKTOP, "locale": "ja", "color_scheme": "light"},
}


def agent(agent_id, title, **more):
    return {
        "id": agent_id,
        "title": title,
        "description": "",
        "name": "",
        "intro": [],
        "samples": [],
        "starts": False,
        **more,
    }


AGENTS = [
    agent("currency", "Currency <b>", description="Turns one currency into another.", samples=["100 JPY in USD?"]),
    agent("ec2", "EC2 instances", description="Starts machines.", samples=["a small Linux box"]),
    agent("meeting", "会議の予約", intro=["こんにちは。会議を予約します。"], starts=True),
]  # fmt: skip


def turn(number=1, **more):
    return {
        "conversation_id": ID,
        "turn": number,
        "agent": "ec2",
        "status": "completed",
        "reply": "Done.",
        "tool_calls": [],
        "approval": None,
        **more,
    }


def told(number=1, message="hello", **more):
    """A turn as the transcript has it."""
    return {**turn(number, **more), "message": message, "created_at": "2026-11-21T03:00:00Z"}


def tool_call(name="fetch", **more):
    return {
        "id": f"id_{name}",
        "name": name,
        "arguments": {"url": "https://example.com"},
        "status": "succeeded",
        "result": "text",
        **more,
    }


def transcript(*turns):
    return {
        "conversation_id": ID,
        "title": "t",
        "agent": "ec2",
        "turns": list(turns),
        "before": None,
    }


@pytest.fixture
def chat(chromium):
    opened = []

    def open_chat(look="phone, English, light", agents=AGENTS):
        context = chromium.new_context(
            **{"reduced_motion": "reduce", "timezone_id": "UTC", **LOOKS[look]}
        )
        teach(context)
        pages = DrawnPages(context, "kai")
        pages.says("GET /agents", {"agents": agents})
        opened.append((context, pages))
        return pages

    yield open_chat
    for context, pages in opened:
        context.close()
        assert pages.complaints == []


def picker(page):
    return page.locator(".agent-picker select")


def test_an_agent_is_chosen_with_its_words_and_its_samples_begin_a_conversation_with_it(chat):
    pages = chat()
    pages.says("POST /chat", turn(agent="currency", reply="0.65 USD."))
    page = pages.opens("/")
    expect(picker(page)).to_have_value("ec2")
    expect(page.locator(".agent-words")).to_have_text("Starts machines.")
    picker(page).select_option(label="Currency <b>")
    expect(picker(page)).to_be_focused()
    expect(page.locator(".agent-words")).to_have_text("Turns one currency into another.")
    expect(page.get_by_role("button", name="a small Linux box")).to_have_count(0)
    check(page)
    page.get_by_role("button", name="100 JPY in USD?").tap()
    expect(page.locator(".turn .theirs .text")).to_have_text("0.65 USD.")
    assert pages.bodies("POST /chat") == [{"message": "100 JPY in USD?", "agent": "currency"}]
    expect(page.locator("#with")).to_have_text("You are with Currency <b>")


def test_an_agent_that_speaks_first_begins_without_a_message(chat):
    pages = chat()
    pages.says("POST /chat", turn(agent="meeting", reply="いつがよろしいですか。"))
    page = pages.opens("/")
    picker(page).select_option("meeting")
    expect(page.locator(".agent-words")).to_contain_text("会議を予約します。")
    check(page)
    page.get_by_role("button", name="Begin with 会議の予約").tap()
    expect(page.locator(".turn .theirs .text")).to_have_text("いつがよろしいですか。")
    assert pages.bodies("POST /chat") == [{"agent": "meeting"}]
    expect(page.locator(".mine")).to_have_count(0)
    check(page)


def test_a_beginning_that_failed_can_be_tried_again(chat):
    pages = chat()
    pages.says("POST /chat", {"code": "bad_request", "detail": "Not now.", "status": 400}, 400)
    page = pages.opens("/")
    picker(page).select_option("meeting")
    page.get_by_role("button", name="Begin with 会議の予約").tap()
    expect(page.locator("#composer-note")).to_have_text("Not now.")
    expect(page.get_by_label("Message", exact=True)).to_have_value("")
    expect(page.get_by_role("button", name="Begin with 会議の予約")).to_be_visible()


def test_with_one_agent_there_is_nothing_to_choose_and_nothing_said_of_it(chat):
    pages = chat(agents=AGENTS[:1])
    pages.says("POST /chat", turn(agent="currency"))
    page = pages.opens("/")
    expect(page.get_by_role("button", name="100 JPY in USD?")).to_be_visible()
    expect(picker(page)).to_have_count(0)
    page.get_by_role("button", name="100 JPY in USD?").tap()
    expect(page.locator(".turn .theirs .text")).to_have_text("Done.")
    assert pages.bodies("POST /chat") == [{"message": "100 JPY in USD?", "agent": "currency"}]
    expect(page.locator("#with")).to_have_text("")


def test_somebody_without_an_agent_is_told_so(chat):
    page = chat(agents=[]).opens("/")
    expect(page.locator("#welcome")).to_contain_text("There is no agent for you here")


@pytest.mark.parametrize("look", LOOKS)
def test_a_conversation_says_who_answers_from_where_on_and_what_the_program_tells(chat, look):
    pages = chat(look)
    handed = tool_call("switch_agent", arguments={"agent": "meeting"}, result="")
    pages.says(
        f"GET /conversations/{ID}",
        transcript(
            told(1),
            told(2, "book a meeting", agent="meeting", tool_calls=[handed], reply="When?"),
            told(
                3, "today", agent="meeting", reply="Noted.", notice="The manifest has changed <i>."
            ),
            told(4, "bye", agent="gone", reply="Bye."),
        ),
    )
    page = pages.opens(f"/?c={ID}")
    expect(page.locator(".turn")).to_have_count(4)
    japanese = "Japanese" in look
    said = ["ここからは 会議の予約 がお答えします。", "ここからは gone がお答えします。"]
    if not japanese:
        said = ["You are now with 会議の予約.", "You are now with gone."]
    expect(page.locator(".switched")).to_have_text(said)
    second = page.locator(".turn").nth(1)
    order = second.evaluate(
        "one => [...one.querySelectorAll('.tool-card, .switched, .theirs > .text')].map(part => part.classList[0])"
    )
    assert order == ["tool-card", "switched", "text"]
    expect(page.locator(".turn-notice")).to_have_text("The manifest has changed <i>.")
    expect(page.locator("#with")).to_contain_text("gone")
    check(page)


@pytest.mark.parametrize("look", LOOKS)
def test_a_result_from_outside_is_closed_marked_and_never_more_than_text(chat, look):
    pages = chat(look)
    calls = [
        tool_call(result=HOSTILE, outside=True),
        tool_call("set_item", arguments={"name": "room"}, result="ok"),
        tool_call("odd", arguments="{not json", status="refused", result='{"error": "no"}'),
    ]
    pages.says(f"GET /conversations/{ID}", transcript(told(tool_calls=calls)))
    page = pages.opens(f"/?c={ID}")
    card, ours, odd = (page.locator(".tool-card").nth(number) for number in range(3))
    expect(card.locator(".result")).to_be_hidden()
    for one in (card, ours, odd):
        one.locator("summary").click()
    expect(card.locator(".result")).to_contain_text("<img src=x")
    expect(card.locator(".result")).to_contain_text("⟨U+202E⟩gnp.exe")
    assert card.locator("img, a").count() == 0
    assert page.title() != "taken"
    mark = "誰も確認していません" if "Japanese" in look else "nobody has checked it"
    expect(card.locator(".outside")).to_contain_text(mark)
    expect(ours.locator(".outside")).to_have_count(0)
    expect(odd.locator("pre.arguments")).to_have_text("{not json")
    check(page)


def waiting(*, answered=()):
    calls = [
        tool_call(name, status="awaiting_client", result=None, arguments={"query": HOSTILE})
        for name in ("look_up", "measure")
    ]
    for one in calls:
        if one["name"] in answered:
            one.update(status="answered", result="42", outside=True)
    return turn(
        status="awaiting_client", reply="Your own program has to do this.", tool_calls=calls
    )


@pytest.mark.parametrize("look", LOOKS)
def test_a_call_of_the_client_is_shown_and_its_result_given_here(chat, look):
    pages = chat(look)
    route = f"POST /conversations/{ID}/tool_results"
    pages.says(f"GET /conversations/{ID}", transcript({**waiting(), "message": "look"}))
    pages.says(route, waiting(answered=["look_up"]))
    page = pages.opens(f"/?c={ID}")
    english = "English" in look
    label = "Result of {}" if english else "{} の結果"
    give = "Give the result" if english else "結果を渡す"
    cards = page.locator(".client-card")
    expect(cards).to_have_count(2)
    expect(cards.first).to_contain_text("<img src=x")
    assert cards.locator("img, a").count() == 0
    check(page)
    page.get_by_label(label.format("measure")).fill("half written")
    page.get_by_label(label.format("look_up")).fill('{"found": 1}')
    pages.says(
        f"GET /conversations/{ID}", transcript({**waiting(answered=["look_up"]), "message": "look"})
    )
    cards.first.get_by_role("button", name=give).click()
    expect(cards).to_have_count(1)
    expect(page.get_by_label(label.format("measure"))).to_have_value("half written")
    last = turn(
        reply="It is 42.", tool_calls=waiting(answered=["look_up", "measure"])["tool_calls"]
    )
    pages.says(route, last)
    pages.says(f"GET /conversations/{ID}", transcript({**last, "message": "look"}))
    page.get_by_role("button", name=give).click()
    expect(cards).to_have_count(0)
    expect(page.locator(".turn .theirs .text")).to_have_text("It is 42.")
    expect(page.locator(".turn .mine .text")).to_have_text("look")
    assert pages.bodies(route) == [
        {"tool_call_id": "id_look_up", "result": '{"found": 1}'},
        {"tool_call_id": "id_measure", "result": "half written"},
    ]


def test_a_result_that_is_refused_says_why_and_can_be_given_again(chat):
    pages = chat()
    route = f"POST /conversations/{ID}/tool_results"
    pages.says(f"GET /conversations/{ID}", transcript({**waiting(), "message": "look"}))
    pages.says(route, {"code": "body_too_large", "detail": "Too large.", "status": 413}, 413)
    page = pages.opens(f"/?c={ID}")
    page.get_by_label("Result of measure").fill("much")
    card = page.locator(".client-card").nth(1)
    card.get_by_role("button", name="Give the result").tap()
    expect(card.get_by_role("alert")).to_have_text("Too large.")
    expect(page.get_by_label("Result of measure")).to_have_value("much")
    expect(card.get_by_role("button", name="Give the result")).to_be_enabled()


def test_a_result_that_the_program_gives_meanwhile_is_seen_without_a_reload(chat):
    pages = chat()
    pages.says(f"GET /conversations/{ID}", transcript({**waiting(), "message": "look"}))
    page = pages.opens(f"/?c={ID}")
    expect(page.locator(".client-card")).to_have_count(2)
    pages.says(f"GET /conversations/{ID}", transcript(told(reply="It is 42.")))
    expect(page.locator(".client-card")).to_have_count(0)
    expect(page.locator(".turn .theirs .text")).to_have_text("It is 42.")
