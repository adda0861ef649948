"""Calls that the client carries out: shown, answered in the page or by the client's own program."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import check
from tests.browser.told import ID, LOOKS, told, transcript, turn, waiting
from tests.support.exhaustive import one_of

pytestmark = [pytest.mark.browser, pytest.mark.exhaustive]


@pytest.mark.parametrize("look", one_of(LOOKS))
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
    half = transcript({**waiting(answered=["look_up"]), "message": "look"})
    pages.reacts[route] = lambda _: pages.says(f"GET /conversations/{ID}", half)
    cards.first.get_by_role("button", name=give).click()
    expect(cards).to_have_count(1)
    expect(page.get_by_label(label.format("measure"))).to_have_value("half written")
    both = {**waiting(answered=["look_up", "measure"]), "status": "completed", "message": "look"}
    pages.says(route, turn(2, reply="It is 42."))
    after = transcript(both, told(2, "", reply="It is 42."))
    pages.reacts[route] = lambda _: pages.says(f"GET /conversations/{ID}", after)
    page.get_by_role("button", name=give).click()
    expect(cards).to_have_count(0)
    expect(page.locator(".turn .theirs .text").last).to_have_text("It is 42.")
    expect(page.locator(".turn .mine .text")).to_have_text(["look"])
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
