"""Handing a conversation over to another agent, in the loop of one turn."""

import json
from dataclasses import replace

import pytest

from functions.chat.do_calls import Knowledge
from functions.chat.talk import Finished, NeedsApproval
from functions.shared.turn import TurnStatus
from tests.support.agents import agent_of, ec2_agent
from tests.support.fake_model import FakeModel, call, calls
from tests.support.talking import converse_once, earlier_turn

EMIT = {"kind": "emit", "method": "switch_session", "approval": "never"}
NURSE = agent_of("nurse", actions={}, prompt="You are a nurse. {memory}", intro=["I am Mary."])


@pytest.fixture(autouse=True)
def no_metrics(monkeypatch):
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")


@pytest.fixture
def model():
    return FakeModel()


def desk(**data):
    action = {**EMIT, "agents": ["nurse", "guard"], "data": {"agent": "nurse", **data}}
    return agent_of("desk", actions={"hand_over": action}, prompt="You are the desk.")


def test_sg_15_with_a_message_the_other_agent_answers_it_in_the_same_turn(model):
    model.says(calls(call({"a": "My eye hurts"}, name="hand_over")), "Which eye?")
    ending = converse_once(model, agent=desk(message="{a}"), agents=[NURSE], message="help")
    assert isinstance(ending, Finished)
    assert (ending.agent.id, ending.reply) == ("nurse", "Which eye?")
    assert [(m["role"], m["content"]) for m in model.asked[1].messages] == [
        ("system", "You are a nurse. {memory}"),
        ("user", "My eye hurts"),
    ]


def test_initiate_lets_the_other_agent_begin_with_what_was_memorized(model):
    agent = desk(initiate=True, memory={"name": "{a}"})
    model.says(calls(call({"a": "Joe"}, name="hand_over")), "Hello Joe.")
    ending = converse_once(model, agent=agent, agents=[NURSE])
    assert [m["content"] for m in model.asked[1].messages] == ['You are a nurse. {"name": "Joe"}']
    assert ending.knowledge == Knowledge(memory={"name": "Joe"})


def test_without_either_the_turn_ends_and_says_who_answers_now(model):
    model.says(calls(call({}, name="hand_over")))
    ending = converse_once(model, agent=desk(), agents=[NURSE])
    assert ending.reply == "You are now with Nurse.\n\nI am Mary."
    assert len(model.asked) == 1


def test_the_next_turn_holds_nothing_from_before_the_hand_over(model):
    model.says(calls(call({"a": "My eye hurts"}, name="hand_over")), "Which eye?")
    ending = converse_once(model, agent=desk(message="{a}"), agents=[NURSE], message="help")
    turn = replace(
        earlier_turn("c"), agent="nurse", steps=ending.steps, reply=ending.reply, message="help"
    )
    model.says("I see.")
    turns = [earlier_turn("c"), replace(turn, number=2)]
    converse_once(model, agent=NURSE, turns=turns, message="The left one.")
    assert [m["content"] for m in model.asked[-1].messages[1:]] == [
        "My eye hurts",
        "Which eye?",
        "The left one.",
    ]


@pytest.mark.parametrize("known", [[], ["boss"]])
def test_an_agent_that_may_not_be_talked_to_is_not_handed_over_to(model, known):
    secret = replace(NURSE, use=("doctors",))
    model.says(calls(call({}, name="hand_over")), "I cannot.")
    ending = converse_once(model, agent=desk(), agents=[secret], groups=frozenset(known))
    assert ending.agent.id == "desk"
    assert "error" in json.loads(model.asked[1].messages[-1]["content"])


def test_a_hand_over_beside_a_gated_call_is_refused_and_the_call_waits(model):
    agent = desk()
    agent = replace(
        agent,
        functions={**agent.functions, "run_instances": ec2_agent().functions["run_instances"]},
        actions={**agent.actions, "run_instances": ec2_agent().actions["run_instances"]},
    )
    model.says(calls(call({}, name="hand_over", id="c1"), call(id="c2")))
    ending = converse_once(model, agent=agent, agents=[NURSE])
    assert isinstance(ending, NeedsApproval)
    assert ending.agent.id == "desk"
    [answer] = [step for step in ending.steps if step["role"] == "tool"]
    assert "answer of its own" in answer["content"]


def test_only_the_first_of_two_hand_overs_counts(model):
    model.says(calls(call({}, name="hand_over"), call({}, name="hand_over")))
    ending = converse_once(model, agent=desk(), agents=[NURSE])
    assert [step.get("status") for step in ending.steps if step["role"] == "tool"] == [
        "succeeded",
        "failed",
    ]


def test_agents_that_hand_over_to_each_other_stop(model):
    there = replace(
        desk(),
        id="guard",
        actions=agent_of(
            "guard",
            actions={
                "hand_over": {
                    **EMIT,
                    "agents": ["desk"],
                    "data": {"agent": "desk", "initiate": True},
                }
            },
        ).actions,
    )
    here = agent_of(
        "desk",
        actions={
            "hand_over": {**EMIT, "agents": ["guard"], "data": {"agent": "guard", "initiate": True}}
        },
    )
    model.says(*(calls(call({}, name="hand_over")) for _ in range(4)), "I give up.")
    ending = converse_once(model, agent=here, agents=[there])
    assert ending.reply == "I give up."
    assert sum(step["role"] == "switch" for step in ending.steps) == 3


def test_a_completed_turn_is_all_that_a_hand_over_leaves(model):
    model.says(calls(call({}, name="hand_over")))
    ending = converse_once(model, agent=desk(), agents=[NURSE])
    turn = replace(earlier_turn("c"), agent="nurse", steps=ending.steps, reply=ending.reply)
    assert turn.status is TurnStatus.COMPLETED
    model.says("Hello.")
    converse_once(model, agent=NURSE, turns=[turn], message="Hi")
    assert [m["content"] for m in model.asked[-1].messages[1:]] == ["Hi"]
