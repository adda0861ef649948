"""Several functions in one answer and slots over several turns, over HTTP: the meeting, and EC2 step by step."""

import json

import pytest

from tests.story.script import KONDO
from tests.support.meeting import HINT, ITEMS, KNOWN, QUESTION, current, initial, operation

pytestmark = pytest.mark.story


def runs(story_model, *operations, text=None):
    """The next answer is one call of the meta function."""
    call = {"name": "chat_processor", "arguments": {"operations": list(operations)}}
    story_model.answers({"calls": [call], **({"text": text} if text else {})})


def results_in(request):
    return [one for one in request["messages"] if one["role"] == "tool"]


def test_mf_32_the_meeting_end_to_end_with_a_new_process_for_every_turn(lone_story):
    """MF-01, MF-07 to MF-17, MF-24, MF-32."""
    story, alice = lone_story, lone_story.user("alice")
    opening = story.model.also_claims("最初の user_items")
    opening.says(QUESTION)
    begun = alice.request("POST", "/chat", json={"agent": "meeting"}).json()
    assert (begun["reply"], begun["tool_calls"]) == (QUESTION, [])
    [first] = opening.requests()
    assert first["messages"] == [{"role": "system", "content": initial()}]
    assert [tool["function"]["name"] for tool in first["tools"]] == ["chat_processor"]
    keys, said = list(KNOWN), {}
    for key, following in zip(keys, [*keys[1:], None], strict=True):
        story.restarts("ChatFunction")
        one = operation("set_item", key, KNOWN[key])
        if following is None:
            runs(story.model, one, operation("completed_items"))
        else:
            runs(story.model, one, operation("ask_next_item", following), text="承知しました。")
            story.model.says(f"{following} は?")
        message = f"{KNOWN[key]} {story.mark}"
        turn = alice.says(message, begun["conversation_id"])
        said[key] = KNOWN[key]
        assert turn["status"] == "completed"
        if following is None:
            break
        assert turn["reply"].endswith(f"{following} は?")
        request = story.model.requests()[-1]
        assert request["messages"][0]["content"] == current(**said)
        told = json.loads(results_in(request)[-1]["content"])["results"]
        assert (told[0]["status"], told[1]["key"]) == ("set", following)
        assert f"{message}{HINT}" in [one["content"] for one in request["messages"]]
    assert len(story.model.requests()) == 2 * len(KNOWN) - 1
    assert all(value in turn["reply"] for value in KNOWN.values())
    [last] = alice.last_turn(begun["conversation_id"])["tool_calls"]
    assert json.loads(last["result"])["results"][1]["items"] == KNOWN
    logged = story.logs("ChatFunction")
    positions = [
        logged.index(f"function called: {name}") for name in ("set_item", "completed_items")
    ]
    assert positions == sorted(positions)


def test_mf_18_21_23_29_several_operations_good_and_bad_each_have_their_result(story):
    alice = story.user("alice")
    runs(
        story.model,
        operation("set_item", "date", "明日"),
        operation("set_item", "color", "赤"),
        operation("delete_item", "date"),
        operation("completed_items"),
        operation("ask_next_item"),
        operation("set_item", "place", "会議室A"),
    )
    story.model.says("参加者は?")
    marked = f"明日、会議室Aで {story.mark}"
    turn = alice.sends(marked, body={"agent": "meeting"}).json()
    assert turn["reply"] == "参加者は?"
    told = json.loads(turn["tool_calls"][0]["result"])
    assert ["error" in one for one in told["results"]] == [False, True, True, True, False, False]
    assert told["items"] == {**ITEMS, "date": "明日", "place": "会議室A"}
    assert told["missing"] == ["participant", "agenda"]


def test_mf_27_28_parallel_calls_each_have_one_result_before_the_next_request(story):
    alice = story.user("alice")
    story.model.answers(
        {
            "calls": [
                {"name": "set_item", "arguments": {"key": "image_id", "value": KONDO["image_id"]}},
                {"name": "set_item", "arguments": {"key": "instance_type", "value": "t2.micro"}},
                {"name": "set_item", "arguments": {"key": "color", "value": "red"}},
                {"name": "ask_next_item", "arguments": {}},
            ]
        }
    )
    story.model.says("Which key pair?")
    message = f"{KONDO['image_id']} as t2.micro {story.mark}"
    turn = alice.sends(message, body={"agent": "ec2_guided"}).json()
    assert turn["reply"] == "Which key pair?"
    request = story.model.requests()[-1]
    [asked] = [one for one in request["messages"] if one.get("tool_calls")]
    ids = [one["id"] for one in asked["tool_calls"]]
    assert [one["tool_call_id"] for one in results_in(request)] == ids
    assert [one["status"] for one in turn["tool_calls"]] == [
        "succeeded",
        "succeeded",
        "failed",
        "succeeded",
    ]
    assert json.loads(results_in(request)[-1]["content"])["key"] == "key_name"


def test_mf_30_a_slot_is_kept_while_the_launch_beside_it_waits_for_another_person(story):
    alice = story.user("alice")
    story.model.answers(
        {
            "calls": [
                {"name": "set_item", "arguments": {"key": "key_name", "value": "kondo"}},
                {"name": "run_instances", "arguments": KONDO},
            ]
        }
    )
    message = f"{KONDO['image_id']}, t2.micro, kondo {story.mark}"
    turn = alice.sends(message, body={"agent": "ec2_guided"}).json()
    assert turn["status"] == "awaiting_approval"
    assert [one["status"] for one in turn["tool_calls"]] == ["succeeded", "waiting"]
    approval_id = turn["approval"]["id"]
    assert story.launches(approval_id) == []
    bob = story.user("bob")
    [asked] = bob.sees_approval(approval_id, "pending")["calls"]
    assert asked["origins"] == dict.fromkeys(KONDO, "requester")
    bob.rejects(approval_id, "not today")
    alice.sees_turn(turn["conversation_id"], "completed")
    assert story.launches(approval_id) == []


def test_mf_31_a_failing_model_and_broken_json_are_told_and_what_is_known_is_kept(story):
    alice = story.user("alice")
    runs(story.model, operation("set_item", "date", "明日"), operation("ask_next_item"))
    story.model.says("場所は?")
    turn = alice.sends(f"明日 {story.mark}", body={"agent": "meeting"}).json()
    story.model.fails(500)
    assert alice.sends("会議室A", turn["conversation_id"]).status_code == 502
    story.model.calls("chat_processor", "{bad")
    story.model.says("もう一度お願いします。")
    again = alice.says("会議室A", turn["conversation_id"])
    assert again["reply"] == "もう一度お願いします。"
    request = story.model.requests()[-1]
    assert "not valid JSON" in results_in(request)[-1]["content"]
    assert request["messages"][0]["content"] == current(date="明日")
