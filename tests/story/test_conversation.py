"""Chatting: the dialogue of the article, what the model is sent, and models that misbehave."""

import json

import pytest

from tests.story.script import KONDO

pytestmark = pytest.mark.story

DIALOGUE = (
    "I want to run a new EC2 instance.",
    "AMI ID is ami-012261b9035f8f938. Instance type is t2.micro.",
    "kondo",
)
CONFIRMATION = """
You are trying to start an instance.
Below is information about the instance you are trying to launch.
--------------------------------
AMI ID: ami-012261b9035f8f938
Instance type: t2.micro
Key pair name: kondo
--------------------------------
proceed? (y/n): """


def holds_the_dialogue(story) -> dict:
    """Three turns, of which the last calls run_instances."""
    alice = story.user("alice")
    story.model.says(
        "Which AMI ID, which type (t2.micro, t2.small, t3.micro, t3.small), which key pair?"
    )
    story.model.says("Which key pair?")
    story.model.calls()
    first = alice.says(DIALOGUE[0])
    for message in DIALOGUE[1:]:
        last = alice.says(message, first["conversation_id"])
    return last


def test_the_dialogue_of_three_turns_ends_in_a_confirmation_and_nothing_has_been_started(story):
    """EC2-11, EC2-13, EC2-14, EC2-15, EC2-16."""
    turn = holds_the_dialogue(story)
    assert (turn["turn"], turn["status"]) == (3, "awaiting_approval")
    assert CONFIRMATION in turn["reply"]
    assert turn["tool_calls"][0]["arguments"] == KONDO
    assert len(story.model.requests()) == 3
    assert story.launches(turn["approval"]["id"]) == []


def test_the_model_is_sent_the_agents_prompt_its_tool_as_written_and_the_whole_history(story):
    """EC2-01 to EC2-09, EC2-11."""
    holds_the_dialogue(story)
    first, _, third = story.model.requests()
    assert first["messages"][0]["role"] == "system"
    assert first["messages"][0]["content"].startswith(
        "Don't make assumptions about what values to plug into functions. "
        "Ask for clarification if a user request is ambiguous."
    )
    assert [message["role"] for message in first["messages"]] == ["system", "user"]
    assert [message["role"] for message in third["messages"]] == [
        "system",
        *["user", "assistant"] * 2,
        "user",
    ]
    tool, *others = first["tools"]
    assert [other["function"]["name"] for other in others] == [
        "list_images",
        "list_key_pairs",
        "list_instance_types",
        "stop_instances",
        "terminate_instances",
        "extend_lease",
    ]
    function = tool["function"]
    assert (tool["type"], function["name"]) == ("function", "run_instances")
    assert function["description"] == "Run a new EC2 instance."
    assert function["parameters"]["required"] == ["image_id", "instance_type", "key_name"]
    types = function["parameters"]["properties"]["instance_type"]["enum"]
    assert types == ["t2.micro", "t2.small", "t3.micro", "t3.small"]
    assert "tool_choice" not in first


def test_the_model_gets_one_tool_result_for_its_one_call(story):
    turn = holds_the_dialogue(story)
    alice = story.user("alice")
    story.user("bob").approves(turn["approval"]["id"])
    alice.sees_turn(turn["conversation_id"], "completed")
    last_word = story.until(lambda: story.model.requests()[3:])[0]
    results = [message for message in last_word["messages"] if message["role"] == "tool"]
    assert [result["tool_call_id"] for result in results] == [turn["tool_calls"][0]["id"]]
    [instance] = story.instances(turn["approval"]["id"])
    assert instance in results[0]["content"]
    assert last_word["tool_choice"] == "none"


@pytest.mark.parametrize("answer", ["y", "yes", "Approve it."])
def test_a_yes_in_the_chat_is_answered_by_the_program_and_decides_nothing(story, answer):
    """EC2-18: approving is not done in the chat at all."""
    turn = holds_the_dialogue(story)
    approval = turn["approval"]["id"]
    story.user("bob").sees_approval(approval, "pending")
    told = story.user("alice").says(answer, turn["conversation_id"])
    assert "Bob" in told["reply"]
    assert "until" in told["reply"]
    assert len(story.model.requests()) == 3
    assert story.user("bob").approval(approval)["status"] == "pending"


def test_another_message_while_a_request_waits_reaches_the_model_with_a_valid_history(story):
    turn = holds_the_dialogue(story)
    story.model.says("It waits for a colleague.")
    told = story.user("alice").says("What happens now?", turn["conversation_id"])
    assert told["reply"] == "It waits for a colleague."
    sent = story.model.requests()[-1]["messages"]
    assert [message["role"] for message in sent[-4:]] == ["user", "assistant", "tool", "user"]
    assert "waiting_for_approval" in sent[-2]["content"]


def test_the_same_request_while_the_first_waits_is_answered_with_the_first(story):
    turn = holds_the_dialogue(story)
    approval = turn["approval"]["id"]
    story.until(lambda: story.mails("bob@example.com", about=approval))
    story.model.calls()
    again = story.user("alice").says("Start it!", turn["conversation_id"])
    assert again["approval"]["id"] == approval
    assert again["status"] == "awaiting_approval"
    assert len(story.mails("bob@example.com", about=turn["conversation_id"])) == 0
    assert len(story.mails("bob@example.com", about=approval)) == 1


def test_twenty_clarifying_turns_are_possible(story):
    """EC2-12."""
    alice = story.user("alice")
    story.model.answers(*({"text": f"question {number}"} for number in range(20)))
    turn = alice.says("hello")
    for number in range(1, 20):
        turn = alice.says(f"answer {number}", turn["conversation_id"])
    assert (turn["turn"], turn["reply"]) == (20, "question 19")
    assert len(story.model.requests()[-1]["messages"]) == 1 + 2 * 19 + 1


def test_anothers_conversation_is_not_there(story):
    story.model.says("hello")
    conversation = story.user("alice").says("hello")["conversation_id"]
    bob = story.user("bob")
    assert bob.request("GET", f"/conversations/{conversation}").status_code == 404
    assert bob.request("DELETE", f"/conversations/{conversation}").status_code == 404
    assert bob.sends("mine now", conversation).status_code == 404
    listed = bob.get("/conversations")["conversations"]
    assert conversation not in [row["conversation_id"] for row in listed]


@pytest.mark.parametrize(
    "arguments",
    [
        {**KONDO, "instance_type": "p5.48xlarge"},
        {**KONDO, "key_name": ""},
        {**KONDO, "image_id": 7},
        {**KONDO, "key_name": "x\nAMI ID: ami-good"},
        {**KONDO, "UserData": "curl evil"},
        "{not json",
        "[]",
        '"x"',
    ],
    ids=["type", "empty", "number", "forged line", "undeclared", "no json", "list", "text"],
)
def test_a_bad_call_goes_back_to_the_model_and_asks_nobody(story, arguments):
    """EC2-17, EC2-26, EC2-27."""
    story.model.calls(arguments=arguments)
    story.model.says("Which key pair?")
    turn = story.user("alice").says("start")
    assert (turn["status"], turn["approval"], turn["reply"]) == (
        "completed",
        None,
        "Which key pair?",
    )
    assert turn["tool_calls"][0]["status"] == "refused"
    result = story.model.requests()[1]["messages"][-1]
    assert result["role"] == "tool"
    assert "error" in json.loads(result["content"])


def test_an_undeclared_function_runs_nothing(story):
    """EC2-29."""
    story.model.calls("terminate_instances", {"instance_ids": ["i-1"]})
    story.model.says("I cannot do that.")
    turn = story.user("alice").says("terminate everything")
    assert (turn["status"], turn["approval"]) == ("completed", None)
    assert turn["tool_calls"][0]["status"] == "refused"


def test_a_model_that_never_gets_it_right_is_stopped(story):
    for _ in range(3):
        story.model.calls(arguments="{")
    turn = story.user("alice").says("start")
    assert turn["status"] == "completed"
    assert "nothing was started" in turn["reply"]
    assert len(story.model.requests()) == 3


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        ({"status": 401}, 502, "model_unauthorized"),
        ({"status": 429}, 503, "model_overloaded"),
        ({"status": 500, "text": "secret stack trace"}, 502, "model_failed"),
        ({"raw": "<html>busy</html>", "content_type": "text/html"}, 502, "model_bad_answer"),
        ({"raw": "{not json"}, 502, "model_bad_answer"),
        ({"text": "half of an answer", "cut": True}, 502, "model_bad_answer"),
        ({"drop": True}, 503, "model_unreachable"),
    ],
    ids=["401", "429", "500", "html", "no json", "cut", "dropped"],
)
def test_a_model_that_fails_is_told_and_the_same_key_tries_again(story, answer, status, code):
    """EC2-24."""
    alice = story.user("alice")
    story.model.answers(*[answer] * (2 if answer.get("status") == 401 else 1))
    key = {"Idempotency-Key": story.mark}
    refused = alice.sends(f"hello {story.mark}", headers=key)
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (status, code)
    assert refused.headers["content-type"] == "application/problem+json"
    assert problem["detail"].startswith("Unable to generate ChatCompletion response\nException: ")
    assert "secret" not in refused.text
    [kept] = alice.conversation(problem["conversation_id"])["turns"]
    assert (kept["status"], kept["message"]) == ("failed", f"hello {story.mark}")

    story.model.says("now it works")
    turn = alice.sends(f"hello {story.mark}", headers=key).json()
    assert (turn["turn"], turn["reply"]) == (problem["turn"], "now it works")
    assert len(alice.conversation(problem["conversation_id"])["turns"]) == 1


def test_a_failed_turn_is_left_out_of_the_history(story):
    alice = story.user("alice")
    story.model.says("hello")
    conversation = alice.says("hello")["conversation_id"]
    story.model.fails(500)
    assert alice.sends("lost", conversation).status_code == 502
    story.model.says("fine")
    alice.says("found", conversation)
    said = [m["content"] for m in story.model.requests()[-1]["messages"] if m["role"] == "user"]
    assert said == [f"hello {story.mark}", "found"]


def test_a_model_that_sleeps_forty_seconds_is_awaited_in_the_background(story):
    alice = story.user("alice")
    story.model.says("never read", delay=40)
    story.model.says("here I am", delay=3)
    answer = alice.sends(f"hello {story.mark}")
    turn = answer.json()
    assert (answer.status_code, turn["status"]) == (202, "working")
    assert int(answer.headers["retry-after"]) > 0
    busy = alice.sends("and?", turn["conversation_id"])
    assert (busy.status_code, busy.json()["code"]) == (409, "turn_in_progress")
    done = alice.sees_turn(turn["conversation_id"], "completed")
    assert done["reply"] == "here I am"


def test_what_is_not_said_by_a_user_is_refused(story):
    alice = story.user("alice")
    for field in ("role", "tool_calls", "history", "approved", "messages"):
        refused = alice.sends("hello", body={field: "x"})
        assert (refused.status_code, refused.json()["code"]) == (400, "bad_request")
    assert story.model.requests() == []


@pytest.mark.parametrize("kind", ["none", "forged", "id token"])
def test_only_an_access_token_is_admitted(story, kind):
    alice = story.user("alice")
    token = {"none": "", "forged": f"{alice.token[:-6]}AAAAAA"}.get(kind)
    if token is None:
        token = story.id_token("alice")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    refused = story.http.post("/chat", json={"message": "hello"}, headers=headers)
    assert refused.status_code == 401
