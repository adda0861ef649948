"""Closing an approval: every ending told once, to the conversation and to everyone who was asked."""

import json

import pytest

import functions.record_outcome.handler as room
from functions.record_outcome.record import LAUNCH_SECONDS
from functions.shared.aws import client
from tests.support.account import APPROVALS, CONVERSATIONS, ORIGIN
from tests.support.chat_completions import check_valid
from tests.support.fake_model import INSTANCE, call, calls
from tests.support.fake_states import client_error
from tests.support.gateway import LambdaContext

EVERYBODY = {"alice@example.com", "bob@example.com", "carol@example.com"}


def opened(backend, *arguments, by="alice"):
    approval_id = backend.ask(*arguments, by=by)
    backend.open(approval_id)
    backend.account.mails_of_all()
    return approval_id


def outcomes(backend, approval_id):
    approval = backend.approval(approval_id)
    [turn] = backend.turns(approval.conversation_id)
    return [(one["status"], one["result"]) for one in turn["tool_calls"]]


def unfinished():
    answer = client("dynamodb").query(
        TableName=APPROVALS,
        IndexName="unfinished",
        KeyConditionExpression="unfinished = :yes",
        ExpressionAttributeValues={":yes": {"S": "yes"}},
    )
    return [item["pk"]["S"] for item in answer["Items"]]


def end(backend, approval_id, ending):
    if ending == "succeeded":
        backend.decide(approval_id)
        backend.launch(approval_id)
    elif ending == "failed":
        backend.ec2.faults = [client_error("InvalidAMIID.NotFound")]
        backend.decide(approval_id)
        backend.launch(approval_id)
    elif ending == "rejected":
        backend.decide(approval_id, "reject", reason="not today")
    elif ending == "cancelled":
        backend.cancel(approval_id)
    elif ending == "expired":
        backend.settle(approval_id)


ENDINGS = {
    "succeeded": "Started instance i-",
    "failed": "the AMI does not exist",
    "rejected": "Carol rejected this; nothing was started. Reason: not today",
    "cancelled": "This was cancelled; nothing was started. The requester took it back.",
    "expired": "Nobody decided in time; nothing was started.",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_ec2_19_every_ending_is_told_once_to_the_conversation_and_to_everyone_asked(
    backend, ending
):
    approval_id = opened(backend)
    end(backend, approval_id, ending)
    for _ in range(3):
        backend.record(approval_id)
    [(status, text)] = outcomes(backend, approval_id)
    assert status == ending
    assert ENDINGS[ending] in text
    mails = backend.account.mails_of_all()
    assert set(mails) == EVERYBODY
    for [mail] in mails.values():
        assert f"{ORIGIN}/a/{approval_id}" in mail["text"]
    approval = backend.approval(approval_id)
    assert approval.closed_at == approval.told_at == "2026-11-21T03:00:00Z"
    assert unfinished() == []
    assert len(backend.ec2.instances()) == (1 if ending == "succeeded" else 0)


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_model_gets_one_result_for_the_call_whatever_the_ending(backend, ending):
    approval_id = opened(backend)
    end(backend, approval_id, ending)
    backend.record(approval_id)
    backend.model.says("ok")
    backend.chat("and?", conversation_id=backend.approval(approval_id).conversation_id)
    messages = backend.model.asked[-1].messages
    check_valid(messages)
    [result] = [json.loads(one["content"]) for one in messages if one["role"] == "tool"]
    assert result["status"] == ending
    assert ENDINGS[ending] in result["result"]


def test_each_call_of_a_request_has_its_own_outcome(backend):
    approval_id = opened(backend, *({**INSTANCE, "key_name": name} for name in ("a", "b", "c")))
    first, second, third = (one["id"] for one in backend.approval(approval_id).calls())
    backend.decide(approval_id, calls=[{"id": second, "decision": "reject"}], reason="one less")
    backend.launch(approval_id, first)
    backend.ec2.faults = [client_error("InvalidKeyPair.NotFound")]
    backend.launch(approval_id, third)
    backend.record(approval_id)
    statuses = [status for status, _ in outcomes(backend, approval_id)]
    assert statuses == ["succeeded", "rejected", "failed"]
    [mail] = backend.account.mails("alice@example.com")
    assert len([line for line in mail["text"].splitlines() if line]) == 4


def test_an_approved_call_that_never_began_is_told_as_not_carried_out(backend):
    approval_id = opened(backend)
    backend.decide(approval_id)
    backend.record(approval_id)
    [(status, text)] = outcomes(backend, approval_id)
    assert status == "failed"
    assert "nothing was started" in text


def test_a_call_that_aws_never_answered_is_unknown_and_says_what_to_look_for(backend):
    from functions.launch_instance.ec2_errors import LaunchAmbiguous

    approval_id = opened(backend)
    backend.decide(approval_id)
    backend.ec2.faults = [client_error("InternalError", status=500)]
    with pytest.raises(LaunchAmbiguous):
        backend.launch(approval_id)
    backend.record(approval_id)
    [(status, text)] = outcomes(backend, approval_id)
    assert status == "unknown"
    assert "countersign:approval" in text


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
@pytest.mark.parametrize("state", ["preparing", "pending"])
def test_an_execution_that_ended_otherwise_ends_an_open_request(backend, status, state):
    approval_id = backend.ask()
    if state == "pending":
        backend.open(approval_id)
    backend.execution_ended(approval_id, status)
    approval = backend.approval(approval_id)
    assert approval.status == ("cancelled" if status == "ABORTED" else "failed")
    assert approval.closed_at
    [(told, text)] = outcomes(backend, approval_id)
    assert told == approval.status
    assert "nothing was started" in text
    answer = backend.decide(approval_id)
    assert (answer.status, answer.json["code"]) == (409, "already_closed")


def test_an_execution_stopped_while_a_launch_is_on_its_way_waits_for_it(backend, monkeypatch):
    approval_id = opened(backend)
    backend.decide(approval_id)
    ledger = backend.rooms["launch_instance"].ledger
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "end", lambda *_: None)
        backend.launch(approval_id)
    backend.execution_ended(approval_id, "ABORTED")
    assert backend.approval(approval_id).closed_at is None
    backend.clock.turn(LAUNCH_SECONDS - 1)
    backend.record(approval_id, finished=False)
    assert backend.approval(approval_id).closed_at is None
    backend.launch(approval_id)
    backend.record(approval_id, finished=False)
    assert [status for status, _ in outcomes(backend, approval_id)] == ["succeeded"]
    assert len(backend.ec2.instances()) == 1


def test_a_launch_that_crashed_for_good_is_told_as_unknown_in_the_end(backend, monkeypatch):
    approval_id = opened(backend)
    backend.decide(approval_id)
    ledger = backend.rooms["launch_instance"].ledger
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "end", lambda *_: None)
        backend.launch(approval_id)
    backend.states.statuses[approval_id] = "FAILED"
    backend.clock.turn(LAUNCH_SECONDS)
    backend.record(approval_id, finished=False)
    assert [status for status, _ in outcomes(backend, approval_id)] == ["unknown"]


def test_an_execution_that_still_runs_is_left_alone(backend):
    approval_id = opened(backend)
    before = backend.approval(approval_id)
    backend.record(approval_id, finished=False)
    assert backend.approval(approval_id) == before
    backend.decide(approval_id)
    backend.record(approval_id, finished=False)
    assert backend.approval(approval_id).closed_at is None


def test_an_execution_that_is_gone_is_told(backend):
    approval_id = opened(backend)
    del backend.states.statuses[approval_id]
    backend.record(approval_id, finished=False)
    assert backend.approval(approval_id).status == "failed"


def test_a_launch_after_the_closing_is_refused_whichever_came_first(backend, monkeypatch):
    """The record is closed between record_outcome's look at the ledger and its write: one of both must lose."""
    approval_id = opened(backend)
    backend.decide(approval_id)
    recording = backend.rooms["record_outcome"]
    rows = recording.ledger.rows

    def rows_then_launch(wanted):
        found = rows(wanted)
        monkeypatch.setattr(recording.ledger, "rows", rows)
        backend.launch(approval_id)
        return found

    monkeypatch.setattr(recording.ledger, "rows", rows_then_launch)
    backend.record(approval_id)
    assert [status for status, _ in outcomes(backend, approval_id)] == ["succeeded"]
    assert len(backend.ec2.instances()) == 1


def test_a_decision_while_it_is_being_ended_stands(backend, monkeypatch):
    approval_id = opened(backend)
    approvals = backend.rooms["record_outcome"].approvals
    ending = approvals.end_undecided

    def after_the_vote(*arguments):
        monkeypatch.setattr(approvals, "end_undecided", ending)
        assert backend.decide(approval_id).status == 200
        return ending(*arguments)

    monkeypatch.setattr(approvals, "end_undecided", after_the_vote)
    backend.execution_ended(approval_id, "ABORTED")
    assert backend.approval(approval_id).status == "approved"
    assert [status for status, _ in outcomes(backend, approval_id)] == ["failed"]


def test_mails_that_cannot_be_sent_do_not_keep_it_open(backend, monkeypatch):
    def fail(*_):
        raise client_error("InternalError", "Publish", status=500)

    approval_id = opened(backend)
    backend.cancel(approval_id)
    monkeypatch.setattr(type(backend.rooms["record_outcome"].channel), "send", fail)
    backend.record(approval_id)
    assert backend.approval(approval_id).told_at
    assert unfinished() == []


def test_after_a_crash_before_the_mails_the_next_call_sends_them(backend, monkeypatch):
    def crash(*_):
        raise RuntimeError("crashed")

    approval_id = opened(backend)
    backend.cancel(approval_id)
    with monkeypatch.context() as patch:
        patch.setattr(type(backend.rooms["record_outcome"].channel), "send", crash)
        with pytest.raises(RuntimeError):
            backend.record(approval_id)
    assert unfinished() == [approval_id]
    backend.record(approval_id, finished=False)
    assert set(backend.account.mails_of_all()) == EVERYBODY
    assert unfinished() == []


def test_closing_and_outcomes_are_one_write(backend, monkeypatch):
    approval_id = opened(backend)
    backend.cancel(approval_id)
    dynamodb = backend.rooms["record_outcome"].dynamodb

    def fail(**_):
        raise client_error("InternalServerError", "TransactWriteItems", status=500)

    with monkeypatch.context() as patch:
        patch.setattr(dynamodb, "transact_write_items", fail)
        with pytest.raises(Exception, match="InternalServerError"):
            backend.record(approval_id)
    assert backend.approval(approval_id).closed_at is None
    items = client("dynamodb").scan(TableName=CONVERSATIONS)["Items"]
    assert len(items) == 1


def test_an_unknown_approval_is_nobodys_business(backend):
    backend.record("a" * 26)
    backend.execution_ended("not-one-of-ours", "FAILED")
    assert client("dynamodb").scan(TableName=APPROVALS)["Count"] == 0


@pytest.mark.parametrize("event", [{}, {"v": 1}, {"v": 2, "approval_id": "a" * 26}])
def test_an_event_without_its_parts_is_refused(backend, event):
    with pytest.raises(ValueError, match="RecordOutcomeEvent"):
        room.handler(event, LambdaContext())


def test_the_models_last_word_is_asked_for_once_with_tools_that_it_may_not_call(backend):
    approval_id = opened(backend)
    end(backend, approval_id, "succeeded")
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

    approval_id = opened(backend)
    end(backend, approval_id, "rejected")
    backend.record(approval_id)
    backend.model.says(
        {"fails": ModelBroken(), "is empty": "", "calls again": calls(call())}[trouble]
    )
    backend.last_word(approval_id)
    [turn] = backend.turns(backend.approval(approval_id).conversation_id)
    assert turn["reply"] == ENDINGS["rejected"]
    assert len(backend.states.executions) == 1


def test_a_last_word_that_comes_after_the_next_message_stands_at_its_own_turn(backend):
    approval_id = opened(backend)
    conversation_id = backend.approval(approval_id).conversation_id
    end(backend, approval_id, "rejected")
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
