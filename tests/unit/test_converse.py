"""The loop of one turn, with a model that says what it likes."""

import json

import pytest

from functions.chat.model import ModelBadAnswer, ModelBroken, ModelTimeout
from functions.chat.steps import REPLY_BYTES, STEPS_BYTES
from functions.chat.talk import Finished, NeedsApproval, OutOfTime
from tests.support.agents import ec2_agent
from tests.support.fake_model import INSTANCE, FakeModel, call, calls, text
from tests.support.talking import converse_once, earlier_turn


@pytest.fixture(autouse=True)
def no_metrics(monkeypatch):
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")


@pytest.fixture
def model():
    return FakeModel()


def run(model, **more):
    return converse_once(model, **more)


def test_a_text_ends_the_turn(model):
    model.says("Which AMI?")
    ending = run(model)
    assert isinstance(ending, Finished)
    assert (ending.steps, ending.reply) == ((), "Which AMI?")


def test_ec2_15_a_gated_call_ends_the_turn_and_the_model_is_not_asked_again(model):
    model.says(calls(call(), words="I will start it now."))
    ending = run(model)
    assert isinstance(ending, NeedsApproval)
    assert [one.arguments for one in ending.calls] == [INSTANCE]
    assert len(model.asked) == 1
    assert ending.steps[0]["content"] == "I will start it now."


def test_ec2_26_a_bad_call_goes_back_to_the_model_which_asks_the_person(model):
    model.says(calls(call({**INSTANCE, "instance_type": "p5.48xlarge"})), "Which of the four?")
    ending = run(model)
    assert isinstance(ending, Finished)
    assert ending.reply == "Which of the four?"
    told = json.loads(model.asked[1].messages[-1]["content"])["error"]
    assert "t2.micro" in told
    assert ending.steps[1]["status"] == "refused"


@pytest.mark.parametrize("arguments", ["{not json", "[]", '"x"', "", "null"])
def test_ec2_27_unusable_arguments_are_told_to_the_model_and_a_mended_call_is_taken(
    model, arguments
):
    model.says(calls(call(arguments)), calls(call()))
    ending = run(model)
    assert isinstance(ending, NeedsApproval)
    assert len(ending.calls) == 1


def test_after_two_more_tries_a_bad_call_is_reported_to_the_person(model):
    model.says(*(calls(call("{")) for _ in range(3)))
    ending = run(model)
    assert isinstance(ending, Finished)
    assert "nothing was started" in ending.reply
    assert len(model.asked) == 3


def test_ec2_28_good_calls_are_all_asked_for_and_bad_ones_beside_them_are_refused(model):
    model.says(calls(call(), call("{"), call({**INSTANCE, "key_name": "other"})))
    ending = run(model)
    assert isinstance(ending, NeedsApproval)
    assert [one.arguments["key_name"] for one in ending.calls] == ["kondo", "other"]
    assert len(ending.steps[0]["tool_calls"]) == 3
    assert [step["status"] for step in ending.steps[1:]] == ["refused"]


def test_ec2_29_an_undeclared_function_never_becomes_an_approval(model):
    model.says(calls(call({"instance_ids": ["i-1"]}, name="delete_everything")), "I cannot.")
    assert isinstance(run(model), Finished)


@pytest.mark.parametrize("reason", ["length", "content_filter", "refusal", "something new"])
def test_calls_of_an_answer_that_was_cut_are_not_taken(model, reason):
    model.says(calls(call(), words="I will", finish_reason=reason))
    ending = run(model)
    assert isinstance(ending, Finished)
    assert ending.steps == ()
    assert ending.reply.startswith("I will")


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_a_cut_answer_without_text_is_never_an_empty_reply(model, reason):
    model.says(calls(call(), finish_reason=reason))
    assert run(model).reply


@pytest.mark.parametrize("words", ["", " \n"])
def test_an_empty_answer_is_a_failure_of_the_model(model, words):
    model.says(text(words))
    with pytest.raises(ModelBadAnswer):
        run(model)


def test_a_reply_is_cut_at_its_limit_and_says_so(model):
    model.says("é" * 1_000_000)
    reply = run(model).reply
    assert len(reply.encode()) <= REPLY_BYTES
    assert "[cut" in reply


def test_more_than_fits_into_one_turn_is_not_kept(model):
    model.says(calls(*(call('{"a": "' + "x" * 16_000 + '"}') for _ in range(32))))
    ending = run(model)
    assert isinstance(ending, Finished)
    assert len(json.dumps(ending.steps)) < STEPS_BYTES
    assert ending.reply


def test_a_model_slower_than_the_turn_leaves_it_to_the_background(model):
    model.says(ModelTimeout())
    assert isinstance(run(model), OutOfTime)


def test_no_time_left_asks_nobody(model):
    assert isinstance(run(model, seconds=1.0), OutOfTime)
    assert model.asked == []


def test_a_model_that_broke_is_a_failure(model):
    model.says(ModelBroken())
    with pytest.raises(ModelBroken):
        run(model)


def test_a_call_id_of_an_earlier_turn_is_replaced(model):
    model.says(calls(call(id="call_old")))
    ending = run(model, turns=[earlier_turn("call_old")])
    assert ending.calls[0].id != "call_old"


def test_an_agents_tool_choice_is_for_the_first_request_only(model):
    from dataclasses import replace

    choice = {"type": "function", "function": {"name": "run_instances"}}
    agent = replace(ec2_agent(), tool_choice=choice)
    model.says(calls(call("{")), "Which AMI?")
    run(model, agent=agent)
    assert [asked.tool_choice for asked in model.asked] == [choice, None]
