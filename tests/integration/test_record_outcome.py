"""Closing an approval: every ending told once, to the conversation and to everyone who was asked."""

import json

import pytest

import functions.record_outcome.handler as room
from functions.request_approval.open_approval import NobodyToAsk
from functions.shared.aws import client
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.identifiers import timestamp
from tests.support.account import APPROVALS, CONVERSATIONS, ORIGIN
from tests.support.backend import TIMEOUT_SECONDS
from tests.support.chat_completions import check_valid
from tests.support.fake_model import INSTANCE
from tests.support.fake_states import client_error
from tests.support.gateway import LambdaContext
from tests.support.stories import opened_request, outcomes, unfinished

EVERYBODY = {"alice@example.com", "bob@example.com", "carol@example.com"}


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
        backend.clock.turn(TIMEOUT_SECONDS)
        backend.settle(approval_id)
    elif ending == "unreached":
        backend.settle(approval_id)


ENDINGS = {
    "succeeded": "Started instance i-",
    "failed": "the AMI does not exist",
    "rejected": "Carol rejected this; nothing was started. Reason: not today",
    "cancelled": "This was cancelled; nothing was started. The requester took it back.",
    "expired": "Nobody decided in time; nothing was started.",
    "unreached": "could not be brought before an approver; nothing was started. No approver could be",
}


STATUSES = {"unreached": "failed"}


@pytest.mark.parametrize("ending", ENDINGS)
def test_ec2_19_every_ending_is_told_once_to_the_conversation_and_to_everyone_asked(
    backend, ending
):
    approval_id = opened_request(backend)
    end(backend, approval_id, ending)
    for _ in range(3):
        backend.record(approval_id)
    [(status, text)] = outcomes(backend, approval_id)
    assert status == STATUSES.get(ending, ending)
    assert ENDINGS[ending] in text
    mails = backend.account.mails_of_all()
    assert set(mails) == EVERYBODY
    for [mail] in mails.values():
        assert f"{ORIGIN}/a/{approval_id}" in mail["text"]
    approval = backend.approval(approval_id)
    assert approval.closed_at == approval.told_at == timestamp(backend.clock.now)
    assert [row["event"] for row in backend.audit(approval_id)][-1] == "closed"
    assert unfinished() == []
    assert len(backend.ec2.instances()) == (1 if ending == "succeeded" else 0)


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_model_gets_one_result_for_the_call_whatever_the_ending(backend, ending):
    approval_id = opened_request(backend)
    end(backend, approval_id, ending)
    backend.record(approval_id)
    backend.model.says("ok")
    backend.chat("and?", conversation_id=backend.approval(approval_id).conversation_id)
    messages = backend.model.asked[-1].messages
    check_valid(messages)
    [result] = [json.loads(one["content"]) for one in messages if one["role"] == "tool"]
    assert result["status"] == STATUSES.get(ending, ending)
    assert ENDINGS[ending] in result["result"]


def test_each_call_of_a_request_has_its_own_outcome(backend):
    approval_id = opened_request(
        backend, *({**INSTANCE, "key_name": name} for name in ("a", "b", "c"))
    )
    first, second, third = (one["id"] for one in backend.approval(approval_id).calls())
    backend.decide(approval_id, calls=[{"id": second, "decision": "reject"}], reason="one less")
    backend.launch(approval_id, first)
    backend.ec2.faults = [client_error("InvalidKeyPair.NotFound")]
    backend.launch(approval_id, third)
    backend.record(approval_id)
    statuses = [status for status, _ in outcomes(backend, approval_id)]
    assert statuses == ["succeeded", "rejected", "failed"]
    [mail] = backend.account.mails("alice@example.com")
    assert "Started instance i-" in mail["text"]
    assert "Carol rejected this; nothing was started. Reason: one less" in mail["text"]
    assert "the key pair does not exist in this region" in mail["text"]


def test_an_approved_call_that_never_began_is_told_as_not_carried_out(backend):
    approval_id = opened_request(backend)
    backend.decide(approval_id)
    backend.record(approval_id)
    [(status, text)] = outcomes(backend, approval_id)
    assert status == "failed"
    assert "nothing was started" in text


def test_a_call_that_aws_never_answered_is_unknown_and_says_what_to_look_for(backend):
    from functions.launch_instance.ec2_errors import LaunchAmbiguous

    approval_id = opened_request(backend)
    backend.decide(approval_id)
    backend.ec2.faults = [client_error("InternalError", status=500)]
    with pytest.raises(LaunchAmbiguous):
        backend.launch(approval_id)
    backend.record(approval_id)
    [(status, text)] = outcomes(backend, approval_id)
    assert status == "unknown"
    assert "countersign:approval" in text


def test_a_launch_that_aws_did_not_take_is_told_as_failed(backend):
    approval_id = opened_request(backend)
    backend.decide(approval_id)
    backend.ec2.faults = [client_error("RequestLimitExceeded", status=503)]
    with pytest.raises(TemporarilyUnavailable):
        backend.launch(approval_id)
    backend.record(approval_id)
    [(status, text)] = outcomes(backend, approval_id)
    assert (status, "AWS did not take the launch" in text) == ("failed", True)


def test_what_was_denied_before_anyone_was_asked_is_mailed_to_nobody(backend):
    approval_id = backend.ask()
    backend.found(approval_id, complaints=[{"code": "x", "text": "The AMI does not exist."}])
    backend.rehearse(approval_id)
    with pytest.raises(NobodyToAsk):
        backend.request(approval_id)
    backend.settle(approval_id)
    backend.record(approval_id)
    [(status, text)] = outcomes(backend, approval_id)
    assert (status, "The AMI does not exist." in text) == ("denied", True)
    assert backend.account.mails_of_all() == {}
    assert backend.approval(approval_id).told_at
    assert unfinished() == []


def test_mails_that_cannot_be_sent_do_not_keep_it_open(backend, monkeypatch):
    def fail(*_):
        raise client_error("InternalError", "Publish", status=500)

    approval_id = opened_request(backend)
    backend.cancel(approval_id)
    monkeypatch.setattr(type(backend.rooms["record_outcome"].channel), "send", fail)
    backend.record(approval_id)
    assert backend.approval(approval_id).told_at
    assert unfinished() == []


def test_closing_and_outcomes_are_one_write(backend, monkeypatch):
    approval_id = opened_request(backend)
    backend.cancel(approval_id)
    dynamodb = backend.rooms["record_outcome"].ledger._client

    def fail(**_):
        raise client_error("InternalServerError", "TransactWriteItems", status=500)

    with monkeypatch.context() as patch:
        patch.setattr(dynamodb, "transact_write_items", fail)
        with pytest.raises(TemporarilyUnavailable):
            backend.record(approval_id)
    assert backend.approval(approval_id).closed_at is None
    items = client("dynamodb").scan(TableName=CONVERSATIONS)["Items"]
    assert len(items) == 1


def test_an_unknown_approval_is_nobodys_business(backend):
    backend.record("a" * 26)
    backend.execution_ended("not-one-of-ours", "FAILED")
    assert client("dynamodb").scan(TableName=APPROVALS)["Count"] == 0


@pytest.mark.parametrize("event", [{}, {"v": 2}, {"v": 3, "approval_id": "a" * 26}])
def test_an_event_without_its_parts_is_refused(backend, event):
    with pytest.raises(ValueError, match="RecordOutcomeEvent"):
        room.handler(event, LambdaContext())
