"""Budgets where two turns of one person meet, step by step; and where a turn goes on in the background."""

import pytest

from functions.chat.model import ModelTimeout
from functions.chat.spending import ChatBudgets
from tests.support.budgeted import asking, opened, used
from tests.support.fake_model import call, calls, text


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        ({"open_approvals": 1}, "1 request of yours is open"),
        ({"approvals": 1}, "You have used today's budget of 1 request for approval"),
    ],
)
def test_i4_a_request_that_is_made_between_the_look_and_the_write_counts(
    limited, monkeypatch, limits, sentence
):
    backend = limited(**limits)
    look = ChatBudgets.why_not_asked
    others = []

    def looked(self, sub, day):
        seen = look(self, sub, day)
        if not others:
            others.append(None)
            others[0] = asking(backend, 1).json
        return seen

    monkeypatch.setattr(ChatBudgets, "why_not_asked", looked)
    wanted = calls(call(id="call_same"))

    def model_again():
        backend.model.says(wanted)
        return wanted

    backend.model.says(model_again)
    turn = backend.chat("please").json
    assert others[0]["status"] == "awaiting_approval"
    assert (turn["status"], turn["approval"]) == ("completed", None)
    assert turn["reply"].startswith(sentence)
    assert opened(backend) == {others[0]["approval"]["id"]}
    assert used(backend)["approvals"] == 1


def test_a_turn_that_lost_to_another_is_one_turn_and_both_its_answers_are_counted(limited):
    backend = limited(turns=3)
    backend.model.says("first")
    here = backend.chat("hello").json["conversation_id"]

    def overtaken():
        backend.model.queue.appendleft(text("overtaking"))
        assert backend.chat("faster", conversation_id=here).json["turn"] == 2
        return text("too late")

    backend.model.says(overtaken, "after all")
    answer = backend.chat("slower", conversation_id=here)
    assert (answer.status, answer.json["turn"]) == (200, 3)
    assert used(backend)["turns"] == 3
    assert used(backend)["tokens"] == 10 * len(backend.model.asked)


def test_a_turn_that_is_given_up_settles_what_it_used(limited):
    backend = limited()
    backend.model.says("first")
    here = backend.chat("hello").json["conversation_id"]

    def overtaken():
        backend.model.queue.appendleft(text("overtaking"))
        assert backend.chat("faster", conversation_id=here).status == 200
        return text("too late")

    backend.model.says(overtaken, overtaken)
    answer = backend.chat("slower", conversation_id=here)
    assert (answer.status, answer.json["code"]) == (409, "turn_in_progress")
    assert used(backend)["tokens"] == 10 * len(backend.model.asked)


def test_i4_work_in_the_background_keeps_to_the_budgets(limited):
    backend = limited(approvals=1)
    asking(backend)
    backend.model.says(ModelTimeout())
    here = backend.chat("think").json["conversation_id"]
    backend.model.says(calls(call()))
    backend.continue_turn(backend.handed_over.pop())
    [turn] = backend.turns(here)
    assert (turn["status"], turn["approval"]) == ("completed", None)
    assert turn["reply"].startswith("You have used today's budget of 1 request")
    assert used(backend)["approvals"] == 1
