"""The shipped agents, tried by a person who has no model: the scripted one holds each dialogue to its end."""

import json

import pytest

from functions.chat.model import Answer, RequestedCall
from functions.chat.rooms import Result
from local.scripted_model.reply import reply
from tests.support.fake_model import INSTANCE

LISTS = {
    "list_images": {"images": [{"name": "Amazon Linux 2023", "image_id": INSTANCE["image_id"]}]},
    "list_instance_types": {
        "instance_types": [
            {"type": "t3.micro", "usd_per_hour": "0.0104"},
            {"type": "t2.micro", "usd_per_hour": "0.0100"},
        ]
    },
    "list_key_pairs": {"key_pairs": [{"name": "kondo"}]},
}


@pytest.fixture
def scripted(backend, monkeypatch):
    """The backend with the scripted model for a model, and a catalogue."""

    def answer(messages, *, tools, tool_choice, seconds, options=None):  # noqa: ARG001
        request = {"messages": messages, "tools": tools, "tool_choice": tool_choice}
        message = json.loads(json.dumps(reply(request)))["choices"][0]["message"]
        calls = [
            RequestedCall(one["id"], one["function"]["name"], one["function"]["arguments"])
            for one in message.get("tool_calls", ())
        ]
        reason = "tool_calls" if calls else "stop"
        return Answer(message["content"] or "", tuple(calls), reason, 10)

    monkeypatch.setattr(backend.model, "answer", answer)
    for name, listed in LISTS.items():
        backend.actions.says[name] = Result("succeeded", json.dumps(listed))
    return backend


def talk(backend, agent, *messages, starts=False):
    """The answers of one conversation, in their order."""
    opening = {} if starts else {"message": messages[0]}
    answer = backend.http("POST /chat", body={"agent": agent, **opening})
    answers = [answer.json]
    for message in messages if starts else messages[1:]:
        answers.append(backend.chat(message, conversation_id=answer.json["conversation_id"]).json)
    return answers


def test_the_meeting_ends_with_every_value(scripted):
    values = ("明日15時", "会議室A", "田中", "予算")
    answers = talk(scripted, "meeting", *values, starts=True)
    questions = [answer["reply"].split("\n")[-1] for answer in answers[:-1]]
    assert questions == [
        "会議はいつ行われますか?",
        "会議はどこで行われますか?",
        "参加者は誰ですか?",
        "議題は何ですか?",
    ]
    assert all(value in answers[-1]["reply"] for value in values)


def test_ec2_step_by_step_ends_in_a_request(scripted):
    answers = talk(
        scripted,
        "ec2_guided",
        "I want an instance.",
        INSTANCE["image_id"],
        "huge",
        "t2.micro",
        "kondo",
    )
    assert [answer["status"] for answer in answers] == [*["completed"] * 4, "awaiting_approval"]
    assert "t2.micro, t2.small" in answers[2]["reply"]
    assert answers[-1]["tool_calls"][-1]["arguments"] == INSTANCE


def test_a_small_linux_box_is_chosen_from_the_catalogue(scripted):
    proposed, asked = talk(scripted, "ec2", "I need a small Linux box.", "Yes, please.")
    assert "Amazon Linux 2023" in proposed["reply"]
    assert asked["status"] == "awaiting_approval"
    assert asked["tool_calls"][-1]["arguments"] == INSTANCE
