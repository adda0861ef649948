"""A reminder at half time, once; the banner of a freeze; and what happens when no mail can be sent."""

import json

import pytest

from functions.shared.aws import client
from functions.shared.errors import TemporarilyUnavailable
from tests.support.account import APPROVALS, FREEZE, freeze
from tests.support.backend import TIMEOUT_SECONDS
from tests.support.counted import counted
from tests.support.fake_states import client_error
from tests.support.stories import opened_request, outcomes

FROZEN = json.dumps(
    {"frozen": True, "reason": "leaked key", "by": "Olga", "at": "2026-11-21T03:00:00Z"}
)
APPROVERS = {"bob@example.com", "carol@example.com"}


@pytest.fixture
def approval_id(backend):
    return opened_request(backend)


def due_at(approval_id):
    key = {"pk": {"S": approval_id}, "sk": {"S": "approval"}}
    item = client("dynamodb").get_item(TableName=APPROVALS, Key=key)["Item"]
    return int(item["due_at"]["N"])


def swept(backend):
    """What the sweep hands to request_approval now."""
    backend.invoked.clear()
    backend.sweep()
    return [
        approval_id
        for name, payload in backend.invoked
        if name == "request_approval"
        for approval_id in payload["approval_ids"]
    ]


def test_at_half_time_the_sweep_finds_it_and_everybody_asked_is_told_once_more(
    backend, approval_id
):
    backend.clock.turn(TIMEOUT_SECONDS / 2 - 1)
    assert swept(backend) == []
    backend.clock.turn(1)
    assert swept(backend) == [approval_id]
    backend.remind(approval_id)
    mails = backend.account.mails_of_all()
    assert set(mails) == APPROVERS
    for [mail] in mails.values():
        assert "Reminder" in mail["subject"]
        assert len(mail["subject"]) < 100
        assert "nobody has decided this yet" in mail["text"]


def test_nobody_is_reminded_twice(backend, approval_id):
    backend.clock.turn(TIMEOUT_SECONDS / 2)
    for _ in range(3):
        backend.remind(approval_id)
    assert {email: len(mails) for email, mails in backend.account.mails_of_all().items()} == (
        dict.fromkeys(APPROVERS, 1)
    )
    assert swept(backend) == []
    assert due_at(approval_id) == backend.approval(approval_id).expires_at


def test_two_sweeps_at_once_remind_once(backend, approval_id, monkeypatch):
    approvals = backend.rooms["request_approval"].approvals
    mark = approvals.mark_reminded

    def after_the_other(approval):
        monkeypatch.setattr(approvals, "mark_reminded", mark)
        backend.remind(approval_id)
        return mark(approval)

    monkeypatch.setattr(approvals, "mark_reminded", after_the_other)
    backend.remind(approval_id)
    assert sum(map(len, backend.account.mails_of_all().values())) == len(APPROVERS)


@pytest.mark.parametrize("ending", ["approved", "rejected", "cancelled", "expired", "overdue"])
def test_what_is_decided_or_over_is_not_reminded_of(backend, approval_id, ending):
    if ending == "cancelled":
        backend.cancel(approval_id)
    elif ending in ("expired", "overdue"):
        backend.clock.turn(TIMEOUT_SECONDS)
        if ending == "expired":
            backend.settle(approval_id)
    else:
        backend.decide(approval_id, "approve" if ending == "approved" else "reject")
    backend.remind(approval_id)
    assert backend.account.mails_of_all() == {}
    assert not backend.approval(approval_id).reminded


def test_what_is_still_prepared_or_unknown_is_not_reminded_of(backend):
    backend.remind(backend.ask())
    backend.remind("a" * 26)
    assert backend.account.mails_of_all() == {}


def test_a_decision_between_reading_and_marking_is_not_reminded_of(
    backend, approval_id, monkeypatch
):
    approvals = backend.rooms["request_approval"].approvals
    mark = approvals.mark_reminded

    def after_the_vote(approval):
        assert backend.decide(approval_id).status == 200
        return mark(approval)

    monkeypatch.setattr(approvals, "mark_reminded", after_the_vote)
    backend.remind(approval_id)
    assert backend.account.mails_of_all() == {}


def test_a_reminder_does_not_stand_in_the_way_of_a_decision_on_the_page_read_before(
    backend, approval_id
):
    digest = backend.approval(approval_id).digest
    backend.remind(approval_id)
    assert backend.decide(approval_id, digest=digest).status == 200


def test_a_reminder_comes_back_at_expiry(backend, approval_id):
    backend.clock.turn(TIMEOUT_SECONDS / 2)
    backend.remind(approval_id)
    backend.clock.turn(TIMEOUT_SECONDS / 2)
    backend.invoked.clear()
    backend.sweep()
    [payload] = [payload for name, payload in backend.invoked if name == "decide_approval"]
    assert payload["approval_ids"] == [approval_id]


def test_while_frozen_mails_and_reminders_say_so_and_people_are_asked_all_the_same(backend):
    freeze(FROZEN)
    approval_id = backend.ask()
    backend.open(approval_id)
    asked = backend.account.mails_of_all()
    backend.remind(approval_id)
    reminded = backend.account.mails_of_all()
    for mails in (asked, reminded):
        assert set(mails) == APPROVERS
        for [mail] in mails.values():
            assert mail["text"].startswith("FROZEN: Olga stopped all launches")
            assert "leaked key" in mail["text"]


def test_a_switch_that_cannot_be_read_keeps_nobody_from_being_asked(backend):
    client("ssm").delete_parameter(Name=FREEZE)
    approval_id = backend.ask()
    backend.open(approval_id)
    assert set(backend.account.mails_of_all()) == APPROVERS


def test_when_no_mail_can_be_sent_it_ends_as_failed_and_is_counted_and_told(
    backend, monkeypatch, capsys
):
    """The workflow tries five times, then settles."""

    def fail(*_):
        raise client_error("InternalError", "Publish", status=500)

    approval_id = backend.ask()
    channel = type(backend.rooms["request_approval"].channel)
    with monkeypatch.context() as patch:
        patch.setattr(channel, "send", fail)
        for _ in range(5):
            with pytest.raises(TemporarilyUnavailable):
                backend.open(approval_id)
    assert counted(capsys).count("ApprovalsUnreachable") == 5
    assert backend.settle(approval_id)["status"] == "failed"
    backend.record(approval_id)
    [(status, text)] = outcomes(backend, approval_id)
    assert status == "failed"
    assert "No approver could be reached; ask your operator." in text
    assert "alice@example.com" in backend.account.mails_of_all()
