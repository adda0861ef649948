"""The chat page with several agents: choosing one, being handed over, reading results, asking again."""

import json

import pytest
from playwright.sync_api import expect

from functions.chat.ask_again import asks_again
from tests.browser.axe import check
from tests.browser.told import AGENTS, HOSTILE, ID, LOOKS, told, tool_call, transcript, turn
from tests.support.exhaustive import one_of

pytestmark = [pytest.mark.browser, pytest.mark.exhaustive]


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


@pytest.mark.parametrize("look", one_of(LOOKS))
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


@pytest.mark.parametrize("look", one_of(LOOKS))
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


@pytest.mark.parametrize("look", one_of(LOOKS))
def test_what_was_rejected_lately_is_asked_again_by_the_persons_own_press(chat, look):
    pages = chat(look)
    sentence = 'Carol rejected exactly this with the reason: too big. Send: "Ask again".'
    result = json.dumps({"error": sentence, "code": "lately_rejected"})
    refused = tool_call("run_instances", status="refused", result=result)
    first = told(1, "start it", tool_calls=[refused], reply=sentence)
    pages.says(f"GET /conversations/{ID}", transcript(first))
    page = pages.opens(f"/?c={ID}")
    words = "Ask again" if "English" in look else "もう一度依頼する"
    assert asks_again(words)
    expect(page.locator(".theirs > .text")).to_contain_text("too big")
    button = page.get_by_role("button", name=words)
    check(page)
    pages.says("POST /chat", turn(2, reply="Asked."))
    button.click()
    expect(page.locator(".theirs > .text").last).to_have_text("Asked.")
    expect(button).to_have_count(0)
    assert pages.bodies("POST /chat") == [{"message": words, "conversation_id": ID}]
