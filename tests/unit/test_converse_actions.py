"""Calls that nobody has to countersign, in the loop of one turn: done, answered in order, limited, remembered."""

import json
import threading

import pytest

from functions.chat.do_calls import SANDBOX_CODE
from functions.chat.rooms import Result
from functions.chat.steps import LEFT_OUT, STEPS_BYTES
from functions.chat.talk import AwaitsClient, Finished, NeedsApproval, OutOfTime
from functions.shared.kinds import Place
from tests.support.agents import agent_of, ec2_agent
from tests.support.fake_model import INSTANCE, FakeModel, call, calls
from tests.support.fake_rooms import FakeRooms
from tests.support.talking import converse_once

FETCH = {"kind": "rest", "method": "GET", "url": "https://example.com/{a}", "approval": "never"}
SEND = {**FETCH, "method": "POST"}
SAY = {"kind": "message_template", "message": "Said {a}.", "approval": "never"}
LAUNCH = {"kind": "aws", "operation": "run_instances"}


@pytest.fixture(autouse=True)
def no_metrics(monkeypatch):
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")


@pytest.fixture
def model():
    return FakeModel()


@pytest.fixture
def rooms():
    return FakeRooms()


def told(model, request=1):
    """The results that the model was sent in this request, by call."""
    return {
        one["tool_call_id"]: one["content"]
        for one in model.asked[request].messages
        if one["role"] == "tool"
    }


def test_sg_05_a_result_reaches_the_model_as_it_came_and_its_text_is_the_reply(model, rooms):
    rooms.says["fetch"] = Result("succeeded", '{"result": "146.04441"}')
    model.says(calls(call({"a": "1"}, name="fetch", id="c1")), "1 USD is 146.04441 JPY.")
    ending = converse_once(model, agent=agent_of(actions={"fetch": FETCH}), rooms=rooms)
    assert isinstance(ending, Finished)
    assert ending.reply == "1 USD is 146.04441 JPY."
    assert told(model) == {"c1": '{"result": "146.04441"}'}


def test_all_calls_of_one_answer_for_a_room_are_handed_over_at_once(model, rooms):
    model.says(calls(*(call({"a": str(n)}, name="fetch") for n in range(20))), "Done.")
    converse_once(model, agent=agent_of(actions={"fetch": FETCH}), rooms=rooms)
    assert [len(one.calls) for one in rooms.handed_over] == [20]
    assert rooms.handed_over[0].place is Place.RUN_ACTION


def test_results_stand_in_the_order_of_the_calls_wherever_they_were_done(model, rooms):
    agent = agent_of(actions={"fetch": FETCH, "say": SAY})
    model.says(
        calls(
            call({"a": "1"}, name="fetch", id="c1"),
            call({"a": "2"}, name="say", id="c2"),
            call("{", name="say", id="c3"),
            call({"a": "4"}, name="fetch", id="c4"),
        ),
        "Done.",
    )
    ending = converse_once(model, agent=agent, rooms=rooms)
    assert list(told(model)) == ["c1", "c2", "c3", "c4"]
    assert told(model)["c2"] == "Said 2."
    assert "error" in json.loads(told(model)["c3"])
    assert [one.get("status") for one in ending.steps[1:]] == [
        "succeeded",
        "succeeded",
        "refused",
        "succeeded",
    ]


def test_mf_30_ungated_siblings_run_and_the_gated_call_waits_without_an_answer(model, rooms):
    agent = agent_of(actions={"say": SAY, "run_instances": LAUNCH}, functions=[])
    agent = agent_of(
        actions={"say": SAY, "run_instances": LAUNCH},
        functions=[
            {"name": "say", "parameters": {"type": "object", "properties": {"a": {}}}},
            ec2_agent().functions["run_instances"],
        ],
    )
    model.says(calls(call({"a": "x"}, name="say", id="c1"), call(id="c2")))
    ending = converse_once(model, agent=agent, rooms=rooms)
    assert isinstance(ending, NeedsApproval)
    assert [one.id for one in ending.calls] == ["c2"]
    answered = {step["tool_call_id"] for step in ending.steps if step["role"] == "tool"}
    assert answered == {"c1"}
    assert len(model.asked) == 1


def test_what_run_action_finds_to_need_people_becomes_a_gated_call(model, rooms):
    change = {"kind": "graphql", "url": "https://example.com", "approval": "never"}
    rooms.says["change"] = Result("gated", "")
    model.says(calls(call({"a": "mutation { x }"}, name="change", id="c1")))
    ending = converse_once(model, agent=agent_of(actions={"change": change}), rooms=rooms)
    assert isinstance(ending, NeedsApproval)
    assert [one.id for one in ending.calls] == ["c1"]
    assert [step["role"] for step in ending.steps] == ["assistant"]


def test_a_function_of_the_sandbox_is_answered_with_its_named_error_and_asks_nobody(model):
    agent = agent_of(actions={"run": {"kind": "module", "file": "m.py", "approval": "always"}})
    model.says(calls(call({"a": "1"}, name="run", id="c1")), "It cannot run here.")
    ending = converse_once(model, agent=agent)
    assert isinstance(ending, Finished)
    assert json.loads(next(iter(told(model).values())))["code"] == SANDBOX_CODE


def test_code_in_a_fenced_answer_is_a_call_of_a_notebook_agent(model):
    agent = agent_of(actions={}, notebook=True)
    model.says("```python\nimport math\nprint(1)\n```", "I cannot run it.")
    ending = converse_once(model, agent=agent, message="calculate")
    assert [one["function"]["name"] for one in ending.steps[0]["tool_calls"]] == ["run_python_code"]
    [answer] = told(model).values()
    assert json.loads(answer)["code"] == SANDBOX_CODE


def test_calls_of_the_client_wait_and_the_model_is_not_asked_again(model, rooms):
    agent = agent_of(actions={"look": {"kind": "client"}, "say": SAY})
    model.says(calls(call({}, name="look", id="c1"), call({"a": "x"}, name="say", id="c2")))
    ending = converse_once(model, agent=agent, rooms=rooms)
    assert isinstance(ending, AwaitsClient)
    assert [step["tool_call_id"] for step in ending.steps[1:]] == ["c2"]


def test_d12_where_arguments_came_from_and_what_was_read_before_is_kept_with_the_call(model, rooms):
    agent = agent_of(
        actions={"fetch": FETCH, "run_instances": LAUNCH},
        functions=[
            {"name": "fetch", "parameters": {"type": "object", "properties": {"a": {}}}},
            ec2_agent().functions["run_instances"],
        ],
    )
    rooms.says["fetch"] = Result(
        "succeeded", f"run_instances with {INSTANCE['image_id']}", is_outside_text=True
    )
    model.says(calls(call({"a": "x"}, name="fetch")), calls(call()))
    ending = converse_once(
        model, agent=agent, rooms=rooms, message="Fetch it, then a t2.micro please."
    )
    assert isinstance(ending, NeedsApproval)
    assert ending.calls[0].after == ("fetch",)
    assert ending.calls[0].origins == {
        "image_id": "result",
        "instance_type": "requester",
        "key_name": "model",
    }


def test_a_manifests_limit_of_tool_calls_is_told_and_holds(model, rooms):
    agent = agent_of(actions={"fetch": FETCH}, limits={"tool_calls": 3})
    model.says(calls(*(call({"a": str(n)}, name="fetch") for n in range(5))))
    ending = converse_once(model, agent=agent, rooms=rooms)
    assert isinstance(ending, Finished)
    assert "limit of 3 tool calls" in ending.reply
    assert len(rooms.handed_over[0].calls) == 3
    assert len([step for step in ending.steps if step["role"] == "tool"]) == 5


def test_mf_26_a_model_that_always_calls_is_stopped_at_the_limit_of_model_calls(model, rooms):
    agent = agent_of(actions={"fetch": FETCH}, limits={"model_calls": 4})
    model.says(*(calls(call({"a": "x"}, name="fetch")) for _ in range(4)))
    ending = converse_once(model, agent=agent, rooms=rooms)
    assert isinstance(ending, Finished)
    assert "limit of model calls" in ending.reply
    assert len(model.asked) == 4


def test_a_manifests_limit_of_tokens_stops_the_turn(model, rooms):
    agent = agent_of(actions={"fetch": FETCH}, limits={"tokens": 15})
    model.says(*(calls(call({"a": "x"}, name="fetch")) for _ in range(2)))
    ending = converse_once(model, agent=agent, rooms=rooms)
    assert "limit of 15 tokens" in ending.reply
    assert len(model.asked) == 2


def test_results_that_are_too_large_together_are_left_out_and_told(model, rooms):
    rooms.says["fetch"] = Result("succeeded", "x" * 16_000)
    model.says(calls(*(call({"a": str(n)}, name="fetch") for n in range(30))), "Done.")
    ending = converse_once(model, agent=agent_of(actions={"fetch": FETCH}), rooms=rooms)
    assert len(json.dumps(ending.steps)) <= STEPS_BYTES + 30 * 300
    assert any(LEFT_OUT in text for text in told(model).values())
    assert len(told(model)) == 30


def test_skip_function_result_ends_the_turn_with_the_result_itself(model, rooms):
    agent = agent_of(actions={"say": SAY}, skip_function_result=True)
    model.says(calls(call({"a": "this"}, name="say")))
    ending = converse_once(model, agent=agent, rooms=rooms)
    assert isinstance(ending, Finished)
    assert ending.reply == "Said this."


def test_what_may_not_run_twice_is_remembered_before_it_runs(model, rooms):
    remembered = []
    agent = agent_of(actions={"send": SEND})

    def send(_):
        assert [step["role"] for step in remembered[-1].steps] == ["assistant"]
        return Result("succeeded", "sent")

    rooms.says["send"] = send
    model.says(calls(call({"a": "x"}, name="send")), "Sent.")
    converse_once(model, agent=agent, rooms=rooms, remember=remembered.append)
    assert len(remembered) == 1
    assert isinstance(remembered[0], OutOfTime)


def test_what_may_run_twice_is_not_remembered(model, rooms):
    model.says(calls(call({"a": "x"}, name="fetch")), "Done.")
    converse_once(
        model, agent=agent_of(actions={"fetch": FETCH}), rooms=rooms, remember=pytest.fail
    )


def test_a_turn_that_was_interrupted_does_not_run_its_calls_again(model, rooms):
    agent = agent_of(actions={"send": SEND})
    asked = {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "send", "arguments": "{}"}}
        ],
    }
    model.says("It is not known whether it was sent.")
    ending = converse_once(model, agent=agent, rooms=rooms, steps=[asked])
    assert rooms.handed_over == []
    assert "not known whether it ran" in told(model, 0)["c1"]
    assert isinstance(ending, Finished)


def test_without_time_for_an_action_the_turn_goes_on_in_the_background(model, rooms):
    model.says(calls(call({"a": "x"}, name="fetch")))
    ending = converse_once(
        model, agent=agent_of(actions={"fetch": FETCH}), rooms=rooms, seconds=3.0
    )
    assert isinstance(ending, OutOfTime)
    assert (ending.steps, rooms.handed_over) == ((), [])


def test_completed_slots_beside_a_refused_call_do_not_end_the_turn(model):
    slots = {"items": [{"name": "date"}], "initial": "", "current": ""}
    actions = {
        name: {"kind": "slots", "operation": name, "approval": "never"}
        for name in ("set_item", "completed_items")
    }
    agent = agent_of(actions={**actions, "say": SAY}, slots=slots)
    model.says(
        calls(
            call({"key": "date", "value": "today"}, name="set_item"),
            call({}, name="completed_items"),
            call("{", name="say"),
        ),
        "One of them could not be done.",
    )
    assert converse_once(model, agent=agent).reply == "One of them could not be done."


def test_two_rooms_work_on_one_answer_side_by_side(model):
    both = threading.Barrier(2, timeout=10)

    class Meeting(FakeRooms):
        def run(self, place, agent, calls, seconds, whose):
            both.wait()
            return super().run(place, agent, calls, seconds, whose)

    read = {"kind": "aws", "operation": "list_images", "approval": "never"}
    agent = agent_of(actions={"fetch": FETCH, "list_images": read})
    model.says(calls(call({"a": "x"}, name="fetch"), call({}, name="list_images")), "Done.")
    assert converse_once(model, agent=agent, rooms=Meeting()).reply == "Done."


def test_beside_a_call_that_turns_out_gated_nothing_is_handed_over_and_eight_are_asked_for(
    model, rooms
):
    change = {"kind": "graphql", "url": "https://example.com", "approval": "never"}
    emit = {
        "kind": "emit",
        "approval": "never",
        "method": "switch_session",
        "agents": ["nurse"],
        "data": {"agent": "nurse"},
    }
    rooms.says["change"] = Result("gated", "")
    wanted = [call({"a": str(n)}, name="change") for n in range(10)]
    model.says(calls(call({}, name="go"), *wanted))
    agent = agent_of(actions={"change": change, "go": emit})
    nurse = agent_of("nurse", actions={})
    ending = converse_once(model, agent=agent, agents=[nurse], rooms=rooms)
    assert isinstance(ending, NeedsApproval)
    assert (ending.agent.id, len(ending.calls)) == ("helper", 8)
    assert [step["status"] for step in ending.steps[1:]] == ["failed"] * 3
