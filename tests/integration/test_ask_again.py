"""After a rejection, only the requester's own words bring the same call before people again."""

import json

import pytest

from tests.support.fake_model import INSTANCE, call, calls


@pytest.fixture
def rejected(backend):
    """A conversation in which Carol has just rejected an instance."""
    backend.model.says("What for?")
    conversation_id = backend.chat("hello").json["conversation_id"]
    approval_id = backend.ask(INSTANCE, conversation_id=conversation_id)
    backend.open(approval_id)
    assert backend.decide(approval_id, "reject", reason="Too big.").status == 200
    backend.record(approval_id)
    return conversation_id


def insist(backend, conversation_id, message):
    """The model asks for the same call once more, whatever the person wrote."""
    backend.model.says(calls(call(INSTANCE)))
    answer = backend.chat(message, conversation_id=conversation_id)
    assert answer.status == 200, answer.text
    return answer.json


@pytest.mark.parametrize("message", ["so what now?", "please, ask again", "approve it now!"])
def test_d15_a_model_that_insists_asks_nobody_and_the_earlier_reason_is_shown(
    backend, rejected, message
):
    answer = insist(backend, rejected, message)
    assert answer["approval"] is None
    assert answer["status"] == "completed"
    assert "Carol rejected exactly this" in answer["reply"]
    assert "Too big." in answer["reply"]
    [refused] = answer["tool_calls"]
    assert refused["status"] == "refused"
    assert json.loads(refused["result"])["code"] == "lately_rejected"
    assert len(backend.states.executions) == 1


@pytest.mark.parametrize("message", ["Ask again", " ask again. ", "もう一度依頼する。"])
def test_d15_the_requesters_own_words_ask_again(backend, rejected, message):
    assert insist(backend, rejected, message)["approval"]["status"] == "preparing"
    assert len(backend.states.executions) == 2


def test_d15_another_call_is_asked_for_as_ever(backend, rejected):
    backend.model.says(calls(call({**INSTANCE, "instance_type": "t3.micro"})))
    assert backend.chat("smaller then", conversation_id=rejected).json["approval"] is not None


def test_d15_an_hour_later_the_same_call_may_be_asked_for(backend, rejected):
    backend.clock.turn(3600)
    assert insist(backend, rejected, "and today?")["approval"]["status"] == "preparing"
