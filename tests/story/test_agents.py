"""The agents of the gallery over HTTP: what their functions do outside, side by side, here, and at the client."""

import json
import urllib.parse

import pytest

pytestmark = pytest.mark.story

RATE = '{"amount":1.0,"base":"USD","date":"2026-11-20","rates":{"JPY":146.04441}}'
ANSWER = "1 USD is equivalent to 146.04441 JPY."
BUNDLE = 20


def called(name, **arguments):
    return {"name": name, "arguments": arguments}


def results_of(request):
    """The results that a model was sent, in their order."""
    return [message["content"] for message in request["messages"] if message["role"] == "tool"]


def test_sg_01_05_a_rate_comes_back_as_text_and_the_models_words_are_the_answer(gallery_story):
    story = gallery_story
    story.outside_answers("base=USD", RATE)
    story.model.answers({"calls": [called("exchange_rate", base="USD", symbols="JPY")]})
    story.model.says(ANSWER)
    turn = story.asks(story.user("alice"), "exchange_rates", "How many yen is one US dollar?")
    assert (turn["status"], turn["agent"], turn["approval"]) == (
        "completed",
        "exchange_rates",
        None,
    )
    assert ANSWER in turn["reply"]
    [call] = turn["tool_calls"]
    assert (call["name"], call["status"], call["result"]) == ("exchange_rate", "succeeded", RATE)
    first, second = story.model.requests()
    assert [tool["function"]["name"] for tool in first["tools"]] == ["exchange_rate"]
    assert results_of(second) == [RATE]
    [request] = story.outside_requests("base=USD")
    assert (request["method"], request["path"]) == ("GET", "/v1/latest?base=USD&symbols=JPY")


def test_sg_06_graphql_variables_go_out_beside_a_fixed_document(gallery_story):
    story = gallery_story
    story.outside_answers('"JP"', '{"data":{"country":{"name":"Japan","capital":"Tokyo"}}}')
    story.model.answers({"calls": [called("country", code="JP")]})
    story.model.says("Tokyo.")
    turn = story.asks(story.user("alice"), "countries", "What is the capital of Japan?")
    assert (turn["status"], turn["reply"]) == ("completed", "Tokyo.")
    [request] = story.outside_requests('"JP"')
    assert json.loads(request["body"])["variables"] == {"code": "JP"}
    [result] = results_of(story.model.requests()[1])
    assert "Tokyo" in result


def test_a_service_that_refuses_is_told_to_the_model_and_the_turn_goes_on(gallery_story):
    story = gallery_story
    story.outside_answers("base=ZZZ", '{"message":"not found"}', status=404)
    story.model.answers({"calls": [called("exchange_rate", base="ZZZ", symbols="JPY")]})
    story.model.says("There is no such currency.")
    turn = story.asks(story.user("alice"), "exchange_rates", "How many yen is one ZZZ?")
    assert (turn["status"], turn["reply"]) == ("completed", "There is no such currency.")
    [result] = results_of(story.model.requests()[1])
    assert "404" in result


def test_sg_07_08_09_an_entry_and_its_invitation_in_one_turn(gallery_story):
    story = gallery_story
    entry = {
        "uid": "planning-20261124",
        "summary": "Planning",
        "start": "20261124T150000Z",
        "end": "20261124T153000Z",
        "location": "Room 4",
        "description": "The next quarter",
    }
    story.model.answers({"calls": [called("make_event", **entry)]})
    story.model.answers({"calls": [called("send_invitation", link="it", guests=["tim@apple.com"])]})
    story.model.says("Tim is invited.")
    turn = story.asks(story.user("alice"), "calendar", "Plan it and invite tim@apple.com")
    assert (turn["status"], turn["reply"]) == ("completed", "Tim is invited.")
    assert [call["name"] for call in turn["tool_calls"]] == ["make_event", "send_invitation"]
    made, sent = results_of(story.model.requests()[2])
    assert sent == "The invitation is ready for ['tim@apple.com']."
    content = urllib.parse.unquote_plus(made.partition("data:text/calendar;charset=utf-8,")[2])
    assert "DTSTART:20261124T150000Z\r\n" in content
    assert "SUMMARY:Planning\r\n" in content


def test_sg_15_the_reception_hands_the_conversation_to_the_agent_that_knows(gallery_story):
    story = gallery_story
    story.outside_answers("base=GBP", RATE)
    question = f"How many yen is a pound? {story.mark}"
    story.model.answers({"calls": [called("hand_over", agent="exchange_rates", question=question)]})
    story.model.answers({"calls": [called("exchange_rate", base="GBP", symbols="JPY")]})
    story.model.says("Many.")
    turn = story.asks(story.user("alice"), "reception", "How many yen is a pound?")
    assert (turn["status"], turn["agent"], turn["reply"]) == (
        "completed",
        "exchange_rates",
        "Many.",
    )
    reception, exchange, last = story.model.requests()
    assert "You are the reception." in reception["messages"][0]["content"]
    assert exchange["messages"][0]["content"].startswith("You convert amounts")
    assert exchange["messages"][1:] == [{"role": "user", "content": question}]
    assert results_of(last) == [RATE]

    story.model.says("At your service.")
    later = story.user("alice").says("Thank you.", turn["conversation_id"])
    assert later["agent"] == "exchange_rates"
    assert story.model.requests()[-1]["messages"][0] == exchange["messages"][0]


def test_sg_07_08_a_manifest_in_slashgpts_format_gives_slashgpts_texts(gallery_story):
    story = gallery_story
    story.model.answers(
        {
            "calls": [
                called("write", line="Tea & cake", amount=12.5),
                called("share", people=["Tim"]),
            ]
        }
    )
    story.model.says("Written and shared.")
    turn = story.asks(story.user("alice"), "diary", "Write it down and share it with Tim.")
    assert turn["reply"] == "Written and shared."
    assert results_of(story.model.requests()[1]) == [
        "{ 'page': 'data:text/plain;charset=utf-8,Tea+%26+cake%3A+12.5%0A' }",
        "Shared with ['Tim'].",
    ]


def test_sg_15_what_was_found_out_goes_along_and_the_next_agent_speaks_first(gallery_story):
    story = gallery_story
    complaint = f"My eye hurts {story.mark}"
    story.model.answers({"calls": [called("pass_on", complaint=complaint, desk="eyes")]})
    story.model.says("Which eye is it?")
    turn = story.asks(story.user("alice"), "nurse", "I need somebody.")
    assert (turn["agent"], turn["reply"]) == ("eyes", "Which eye is it?")
    [system] = story.model.requests()[1]["messages"]
    assert system["role"] == "system"
    assert json.dumps({"complaint": complaint}) in system["content"]


def test_a_function_of_the_client_waits_for_its_result_and_the_agent_goes_on(gallery_story):
    story, alice = gallery_story, gallery_story.user("alice")
    places = ("left", "right")
    story.model.answers({"calls": [called("scan_label", place=place) for place in places]})
    story.model.says("Two boxes of screws.")
    turn = story.asks(alice, "stocktaking", "Count shelf 4, left and right.")
    assert turn["status"] == "awaiting_client"
    assert [call["status"] for call in turn["tool_calls"]] == ["awaiting_client"] * 2
    assert len(story.model.requests()) == 1
    path = f"/conversations/{turn['conversation_id']}/tool_results"
    for call in turn["tool_calls"]:
        body = {"tool_call_id": call["id"], "result": f"screws at the {call['arguments']['place']}"}
        taken = alice.request("POST", path, json=body)
        assert taken.status_code in (200, 202), taken.text
    done = alice.sees_turn(turn["conversation_id"], "completed")
    assert done["reply"] == "Two boxes of screws."
    assert results_of(story.model.requests()[1]) == ["screws at the left", "screws at the right"]
    other = alice.request("POST", path, json={**body, "result": "nothing"})
    assert other.status_code == 409
    unknown = alice.request("POST", path, json={"tool_call_id": "call_0", "result": "x"})
    assert unknown.status_code == 404
    stranger = story.user("bob").request("POST", path, json=body)
    assert stranger.status_code == 404


def test_twenty_calls_of_one_answer_are_outside_at_the_same_time(gallery_story):
    """Counted by the service, which answers nobody before all twenty are there."""
    story = gallery_story
    story.outside_answers("base=SEK", RATE, gather=BUNDLE)
    symbols = [f"{letter}AA" for letter in "ABCDEFGHIJKLMNOPQRST"]
    story.model.answers(
        {"calls": [called("exchange_rate", base="SEK", symbols=symbol) for symbol in symbols]}
    )
    story.model.says("All of them.")
    turn = story.asks(story.user("alice"), "exchange_rates", "A krona in everything, please.")
    assert (turn["status"], turn["reply"]) == ("completed", "All of them.")
    assert [call["status"] for call in turn["tool_calls"]] == ["succeeded"] * BUNDLE
    assert story.outside_at_once("base=SEK") == BUNDLE
    asked = {request["path"].rpartition("=")[2] for request in story.outside_requests("base=SEK")}
    assert asked == set(symbols)


def test_writing_outside_waits_for_a_person_and_happens_once(gallery_story):
    story, alice = gallery_story, gallery_story.user("alice")
    title = f"Broken {story.mark}"
    wanted = {"owner": "octo", "repository": "hello", "title": title, "text": "It does not start."}
    story.outside_answers(title, '{"number": 7}', status=201)
    story.model.answers({"calls": [called("open_issue", **wanted)]})
    turn = story.asks(alice, "issues", "Open an issue: it does not start.")
    assert turn["status"] == "awaiting_approval"
    approval = turn["approval"]["id"]
    story.user("bob").sees_approval(approval, "pending")
    assert story.outside_requests(title) == []
    story.user("bob").approves(approval)
    alice.sees_turn(turn["conversation_id"], "completed")
    [request] = story.outside_requests(title)
    assert json.loads(request["body"]) == {"title": title, "body": "It does not start."}
    told = json.dumps([alice.conversation(turn["conversation_id"]), story.printed()])
    token = request["headers"]["authorization"].removeprefix("Bearer ")
    assert token
    assert token not in told


def test_an_agent_for_a_few_is_there_for_them_and_countersigned_by_theirs(gallery_story):
    """Alice is in the group that uses it and carol in the one that approves; bob requests and approves elsewhere."""
    story, alice, bob = gallery_story, gallery_story.user("alice"), gallery_story.user("bob")
    listed = {
        person.name: [agent["id"] for agent in person.get("/agents")["agents"]]
        for person in (alice, bob)
    }
    assert "cashbox" in listed["alice"]
    assert "cashbox" not in listed["bob"]
    assert bob.sends("Pay me.", body={"agent": "cashbox"}).status_code == 404
    story.model.answers({"calls": [called("pay_out", amount="12.50 EUR")]})
    turn = story.asks(alice, "cashbox", "Pay 12.50 EUR out, please.")
    approval = turn["approval"]["id"]
    digest = story.user("carol").sees_approval(approval, "pending")["digest"]
    refused = bob.decides(approval, "approve", digest=digest)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_eligible")
    assert story.mails("bob@example.com", about=approval) == []
    story.user("carol").approves(approval)
    done = alice.sees_turn(turn["conversation_id"], "completed")
    assert done["tool_calls"][0]["result"] == "Paid out: 12.50 EUR."
