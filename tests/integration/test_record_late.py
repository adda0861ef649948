"""Closing what a workflow left: stopped, crashed, never started, raced; by the sweep and by failed executions."""

import pytest

import functions.record_outcome.handler as room
from functions.record_outcome.record import LAUNCH_SECONDS, START_SECONDS
from functions.shared.approval_marks import TELLING_SECONDS, TransitionLost
from functions.shared.batch import SomeFailed
from tests.support.gateway import LambdaContext
from tests.support.stories import opened_request, outcomes, unfinished

EVERYBODY = {"alice@example.com", "bob@example.com", "carol@example.com"}


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
    approval_id = opened_request(backend)
    backend.decide(approval_id)
    ledger = backend.rooms["launch_instance"].ledger
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "end", lambda *_, **__: None)
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


@pytest.mark.parametrize(
    ("lost", "told", "words"),
    [
        (("launched", "end"), "unknown", "an operator must look for its tag countersign:approval"),
        (("end",), "succeeded", "whether it runs was not seen"),
    ],
    ids=["before it was noted", "before it was seen running"],
)
def test_a_launch_that_crashed_for_good_is_told_as_what_is_known_of_it(
    backend, monkeypatch, lost, told, words
):
    approval_id = opened_request(backend)
    backend.decide(approval_id)
    ledger = backend.rooms["launch_instance"].ledger
    with monkeypatch.context() as patch:
        for step in lost:
            patch.setattr(ledger, step, lambda *_, **__: None)
        backend.launch(approval_id)
    backend.states.statuses[approval_id] = "FAILED"
    backend.clock.turn(LAUNCH_SECONDS)
    backend.record(approval_id, finished=False)
    [(status, text)] = outcomes(backend, approval_id)
    assert (status, words in text) == (told, True)
    if told == "succeeded":
        assert backend.ec2.instances()[0]["InstanceId"] in text


def test_a_request_whose_workflow_never_started_ends_after_a_quarter_of_an_hour(backend):
    approval_id = backend.ask()
    del backend.states.statuses[approval_id]
    backend.clock.turn(START_SECONDS)
    backend.record(approval_id, finished=False)
    assert backend.approval(approval_id).status == "preparing"
    backend.clock.turn(1)
    backend.record(approval_id, finished=False)
    approval = backend.approval(approval_id)
    assert approval.status == "failed"
    assert "could not be started" in approval.ended_by
    [(status, text)] = outcomes(backend, approval_id)
    assert (status, "nothing was started" in text) == ("failed", True)


def test_one_of_a_batch_that_fails_does_not_keep_the_others_open(backend, monkeypatch):
    broken, whole = opened_request(backend), opened_request(backend)
    for approval_id in (broken, whole):
        backend.cancel(approval_id)
    recording = backend.rooms["record_outcome"]
    rows = recording.ledger.rows

    def fail_one(approval_id):
        if approval_id == broken:
            raise RuntimeError("broken")
        return rows(approval_id)

    backend.states.statuses.clear()
    monkeypatch.setattr(recording.ledger, "rows", fail_one)
    with pytest.raises(SomeFailed):
        room.handler({"v": 2, "approval_ids": [broken, whole]}, LambdaContext(60_000))
    assert backend.approval(broken).closed_at is None
    assert backend.approval(whole).told_at


def test_an_execution_that_still_runs_is_left_alone(backend):
    approval_id = opened_request(backend)
    before = backend.approval(approval_id)
    backend.record(approval_id, finished=False)
    assert backend.approval(approval_id) == before
    backend.decide(approval_id)
    backend.record(approval_id, finished=False)
    assert backend.approval(approval_id).closed_at is None


def test_an_execution_that_is_gone_is_told(backend):
    approval_id = opened_request(backend)
    del backend.states.statuses[approval_id]
    backend.record(approval_id, finished=False)
    assert backend.approval(approval_id).status == "failed"


def test_a_launch_after_the_closing_is_refused_whichever_came_first(backend, monkeypatch):
    """The record is closed between record_outcome's look at the ledger and its write: one of both must lose."""
    approval_id = opened_request(backend)
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
    approval_id = opened_request(backend)
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


def test_after_a_crash_before_the_mails_a_later_call_sends_them(backend, monkeypatch):
    def crash(*_):
        raise RuntimeError("crashed")

    approval_id = opened_request(backend)
    backend.cancel(approval_id)
    with monkeypatch.context() as patch:
        patch.setattr(type(backend.rooms["record_outcome"].channel), "send", crash)
        with pytest.raises(RuntimeError):
            backend.record(approval_id)
    assert unfinished() == [approval_id]
    backend.record(approval_id, finished=False)
    assert backend.account.mails_of_all() == {}
    backend.clock.turn(TELLING_SECONDS)
    backend.record(approval_id, finished=False)
    assert set(backend.account.mails_of_all()) == EVERYBODY
    assert unfinished() == []


def test_of_two_who_take_over_the_telling_one_tells(backend, monkeypatch):
    def crash(*_):
        raise RuntimeError("crashed")

    approval_id = opened_request(backend)
    backend.cancel(approval_id)
    table = backend.rooms["record_outcome"].approvals
    with monkeypatch.context() as patch:
        patch.setattr(table, "mark_told", crash)
        with pytest.raises(RuntimeError):
            backend.record(approval_id)
    assert len(backend.account.mails("alice@example.com")) == 1
    backend.clock.turn(TELLING_SECONDS)
    read_before_the_other = backend.approval(approval_id)
    backend.record(approval_id, finished=False)
    with pytest.raises(TransitionLost):
        table.claim_telling(read_before_the_other, backend.clock())
    assert len(backend.account.mails("alice@example.com")) == 1


def test_while_whoever_closed_it_is_telling_nobody_else_does(backend, monkeypatch):
    approval_id = opened_request(backend)
    backend.cancel(approval_id)
    channel = type(backend.rooms["record_outcome"].channel)
    send = channel.send

    def meanwhile(*mail):
        with monkeypatch.context() as patch:
            patch.setattr(channel, "send", send)
            backend.record(approval_id, finished=False)
        return send(*mail)

    monkeypatch.setattr(channel, "send", meanwhile)
    backend.record(approval_id)
    assert [len(mails) for mails in backend.account.mails_of_all().values()] == [1, 1, 1]
