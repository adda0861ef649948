import json
from pathlib import Path

import pytest
import yaml

from local.scripted_model.reply import reply

MANIFEST = yaml.safe_load(Path("agents/ec2.yaml").read_text())
FUNCTIONS = {function["name"]: function for function in MANIFEST["functions"]}
FUNCTION, EXTENSION = FUNCTIONS["run_instances"], FUNCTIONS["extend_lease"]
TOOL = {"type": "function", "function": FUNCTION}
KONDO = {"image_id": "ami-012261b9035f8f938", "instance_type": "t2.micro", "key_name": "kondo"}


def dialogue(*words: str) -> list[dict]:
    """A dialogue in which the model has answered everything but the last words."""
    messages = [{"role": "system", "content": MANIFEST["prompt"]}]
    for said in words:
        messages.append({"role": "user", "content": said})
        messages.append(answer(messages))
    return messages[:-1]


def answer(messages: list[dict], **more) -> dict:
    request = {"model": "scripted", "messages": messages, "tools": [TOOL], **more}
    return reply(request)["choices"][0]["message"]


def called(*words: str) -> dict | None:
    """The arguments of the call that these words lead to."""
    calls = answer(dialogue(*words)).get("tool_calls")
    return json.loads(calls[0]["function"]["arguments"]) if calls else None


def said(*words: str) -> str:
    return answer(dialogue(*words))["content"] or ""


def test_who_looks_whether_functions_are_called_sees_one_called():
    tool = {"type": "function", "function": {"name": "countersign_check", "parameters": {}}}
    said = [{"role": "user", "content": "Call the function countersign_check."}]
    message = reply({"messages": said, "tools": [tool]})["choices"][0]["message"]
    [called] = message["tool_calls"]
    assert called["function"] == {"name": "countersign_check", "arguments": '{"word": "ready"}'}


def test_the_articles_dialogue_ends_in_one_call():
    opening = "I want to run a new EC2 instance."
    first = said(opening)
    assert "AMI ID" in first
    assert "key pair name" in first
    assert all(kind in first for kind in ("t2.micro", "t2.small", "t3.micro", "t3.small"))
    values = "AMI ID is ami-012261b9035f8f938. Instance type is t2.micro."
    second = said(opening, values)
    assert "key pair name" in second
    assert "AMI" not in second
    assert "t2.micro" not in second
    assert called(opening, values, "kondo") == KONDO


@pytest.mark.parametrize(
    "words",
    [
        ["Run an EC2 instance from ami-012261b9035f8f938, t2.micro, key pair kondo."],
        ["launch ami-012261b9035f8f938 as T2.MICRO with the key kondo please"],
        ["start an instance", "kondo", "t2.micro", "ami-012261b9035f8f938"],
        ["start an instance", "ami-012261b9035f8f938, t2.micro, kondo"],
        ["New server", "t2.micro", "ami-012261b9035f8f938", "the key pair is called `kondo`"],
        ["new instance", "t3.small", "no, use t2.micro", "ami-012261b9035f8f938", "it is kondo."],
        ["new instance with key_name=kondo", "ami-012261b9035f8f938", "t2.micro"],
        ["I need a VM", "Use ami-012261b9035f8f938", "t2.micro please", "use kondo please"],
    ],
)
def test_values_are_found_however_they_are_said(words):
    assert called(*words) == KONDO


def test_a_type_that_is_not_on_offer_is_not_used():
    words = ["launch ami-012261b9035f8f938 as p5.48xlarge with key pair kondo"]
    assert called(*words) is None
    assert "p5.48xlarge is not on offer" in said(*words)
    assert called(*words, "then t3.micro") == {**KONDO, "instance_type": "t3.micro"}


def test_a_polite_word_is_no_key_pair():
    words = ["new instance", "ami-012261b9035f8f938 t2.micro", "ok thanks"]
    assert called(*words) is None


def test_without_a_word_about_instances_it_says_what_to_try():
    assert "Try:" in said("What is the weather?")


def test_it_never_calls_a_tool_that_is_not_offered_or_not_allowed():
    messages = dialogue("Run an EC2 instance ami-012261b9035f8f938, t2.micro, key pair kondo")
    assert "tool_calls" not in answer(messages, tool_choice="none")
    assert "tool_calls" not in answer(messages, tools=[])


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ("Started instance i-0123456789abcdef0.", "i-0123456789abcdef0"),
        ("Rejected by Bob: not today", "not today"),
    ],
)
@pytest.mark.parametrize("more", [{}, {"tool_choice": "none"}])
def test_after_a_result_it_says_what_became_of_the_call(result, expected, more):
    messages = dialogue("Run an EC2 instance ami-012261b9035f8f938, t2.micro, key pair kondo")
    call = answer(messages)
    messages += [
        call,
        {"role": "tool", "tool_call_id": call["tool_calls"][0]["id"], "content": result},
    ]
    last = answer(messages, **more)
    assert expected in last["content"]
    assert "tool_calls" not in last


def test_the_next_launch_is_talked_about_afresh():
    messages = dialogue("Run an EC2 instance ami-012261b9035f8f938, t2.micro, key pair kondo")
    call = answer(messages)
    messages += [
        call,
        {"role": "tool", "tool_call_id": call["tool_calls"][0]["id"], "content": "i-0123456789"},
        {"role": "assistant", "content": "Your EC2 instance has been started."},
        {"role": "user", "content": "And another instance, please."},
    ]
    again = answer(messages)
    assert "tool_calls" not in again
    assert "AMI ID" in again["content"]


def test_the_same_request_has_the_same_response():
    request = {"model": "m", "messages": dialogue("new instance"), "tools": [TOOL]}
    assert reply(request) == reply(request)


@pytest.mark.parametrize(
    "words",
    [
        "extend the lease of i-0123456789abcdef0 by 8 hours",
        "Please let I-0123456789ABCDEF0 run 8h longer.",
    ],
)
def test_an_extension_said_in_one_message_is_called_for(words):
    tools = [TOOL, {"type": "function", "function": EXTENSION}]
    [call] = answer(dialogue(words), tools=tools)["tool_calls"]
    assert call["function"]["name"] == "extend_lease"
    arguments = json.loads(call["function"]["arguments"])
    assert arguments == {"instance_id": "i-0123456789abcdef0", "hours": 8}


def test_an_extension_is_not_called_for_where_it_is_not_offered():
    assert not answer(dialogue("extend i-0123456789abcdef0 by 8 hours")).get("tool_calls")


@pytest.mark.parametrize(
    "result",
    [
        "The lease of i-0123456789abcdef0 ends at 2026-11-21T19:00:00Z now.",
        "i-0123456789abcdef0 was not extended: Its lease has ended.",
    ],
)
def test_an_extension_is_not_told_as_a_start(result):
    content = json.dumps({"status": "succeeded", "result": result})
    messages = [*dialogue("hello"), {"role": "tool", "tool_call_id": "1", "content": content}]
    assert answer(messages)["content"] == result
