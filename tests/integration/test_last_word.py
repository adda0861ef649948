"""The model's last word on an outcome: asked for once, and never needed."""

import pytest

from tests.support.chat_completions import check_valid
from tests.support.fake_model import call, calls
from tests.support.stories import opened_request


def test_the_models_last_word_is_asked_for_once_with_tools_that_it_may_not_call(backend):
    approval_id = opened_request(backend)
    backend.decide(approval_id)
    backend.launch(approval_id)
    backend.last_word(approval_id)
    asked = len(backend.model.asked)
    backend.record(approval_id)
    backend.model.says("Your instance runs.")
    backend.last_word(approval_id)
    backend.last_word(approval_id)
    assert len(backend.model.asked) == asked + 1
    request = backend.model.asked[-1]
    check_valid(request.messages)
    assert request.tool_choice == "none"
    assert request.messages[-1]["role"] == "tool"
    [turn] = backend.turns(backend.approval(approval_id).conversation_id)
    assert turn["reply"].endswith("\n\nYour instance runs.")
    assert backend.turns(backend.approval(approval_id).conversation_id) == [turn]


@pytest.mark.parametrize("trouble", ["fails", "is empty", "calls again"])
def test_a_model_without_a_last_word_leaves_our_sentence(backend, trouble):
    from functions.chat.model import ModelBroken

    approval_id = opened_request(backend)
    backend.decide(approval_id, "reject", reason="not today")
    backend.record(approval_id)
    backend.model.says(
        {"fails": ModelBroken(), "is empty": "", "calls again": calls(call())}[trouble]
    )
    backend.last_word(approval_id)
    [turn] = backend.turns(backend.approval(approval_id).conversation_id)
    assert turn["reply"] == ("Carol rejected this; nothing was started. Reason: not today")
    assert len(backend.states.executions) == 1


def test_a_last_word_that_comes_after_the_next_message_stands_at_its_own_turn(backend):
    approval_id = opened_request(backend)
    conversation_id = backend.approval(approval_id).conversation_id
    backend.decide(approval_id, "reject", reason="not today")
    backend.record(approval_id)
    backend.model.says("second", "last word of the first")
    backend.chat("next", conversation_id=conversation_id)
    backend.last_word(approval_id)
    first, second = backend.turns(conversation_id)
    assert first["reply"].endswith("last word of the first")
    assert second["reply"] == "second"
    backend.model.says("ok")
    backend.chat("and?", conversation_id=conversation_id)
    check_valid(backend.model.asked[-1].messages)
