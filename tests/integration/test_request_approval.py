"""The state RequestApproval: token stored, approval open, approvers mailed, in this order and once."""

import re

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

import functions.request_approval.handler as room
from functions.request_approval.open_approval import ApprovalNotOpen, NobodyToAsk
from functions.shared.aws import client
from functions.shared.errors import TemporarilyUnavailable
from tests.support.account import ORIGIN, TASK_TOKENS
from tests.support.backend import TIMEOUT_SECONDS, TOKEN
from tests.support.counted import counted
from tests.support.fake_model import INSTANCE
from tests.support.fake_states import client_error
from tests.support.gateway import LambdaContext


def token_of(approval_id):
    item = (
        client("dynamodb")
        .get_item(TableName=TASK_TOKENS, Key={"approval_id": {"S": approval_id}})
        .get("Item")
    )
    return item["task_token"]["S"] if item else None


def test_the_token_is_stored_the_approval_waits_and_its_approvers_are_named(backend):
    approval_id = backend.ask()
    backend.open(approval_id)
    approval = backend.approval(approval_id)
    assert approval.status == "pending"
    assert approval.expires_at == int(backend.clock.now.timestamp()) + TIMEOUT_SECONDS
    assert [person.email for person in approval.asked] == ["bob@example.com", "carol@example.com"]
    assert (approval.requester.email, approval.requester.name) == ("alice@example.com", "Alice")
    assert approval.notified
    assert token_of(approval_id) == TOKEN


def test_each_approver_gets_one_mail_that_points_to_the_page_and_the_requester_none(backend):
    approval_id = backend.ask()
    backend.open(approval_id)
    mails = backend.account.mails_of_all()
    assert set(mails) == {"bob@example.com", "carol@example.com"}
    for [mail] in mails.values():
        assert re.findall(r"https?://\S+", mail["text"]) == [f"{ORIGIN}/a/{approval_id}"]
        for shown in ("Alice", "ami-012261b9035f8f938", "t2.micro", "kondo", "us-east-1"):
            assert shown in mail["text"]
        for secret in (TOKEN, backend.approval(approval_id).digest):
            assert secret not in mail["text"] + mail["subject"]
        assert len(mail["subject"]) < 100
        assert mail["subject"].isascii()


def test_an_approver_who_asks_is_not_asked(backend):
    approval_id = backend.ask(by="bob")
    backend.open(approval_id)
    assert set(backend.account.mails_of_all()) == {"carol@example.com"}
    assert [person.name for person in backend.approval(approval_id).asked] == ["Carol"]


def test_where_the_operator_allows_it_the_requester_is_asked_too(self_confirming):
    approval_id = self_confirming.ask(by="alice")
    self_confirming.open(approval_id)
    assert "alice@example.com" in self_confirming.account.mails_of_all()


def test_disabled_and_unverified_approvers_are_not_asked(backend):
    backend.account.disable(backend.human("bob"))
    backend.account.enroll("Grace", "grace@example.com", ("approvers",), verified=False)
    approval_id = backend.ask()
    backend.open(approval_id)
    assert [person.name for person in backend.approval(approval_id).asked] == ["Carol"]


def test_a_retry_replaces_the_token_and_mails_nobody_again(backend):
    approval_id = backend.ask()
    backend.open(approval_id, token="first")
    before = backend.approval(approval_id)
    backend.account.mails_of_all()
    backend.clock.turn(30)
    backend.open(approval_id, token="second")
    assert token_of(approval_id) == "second"
    assert backend.approval(approval_id) == before
    assert backend.account.mails_of_all() == {}


def test_after_a_crash_before_the_mails_a_retry_sends_them(backend, monkeypatch):
    approval_id = backend.ask()
    channel = backend.rooms["request_approval"].channel

    def crash(*_):
        raise RuntimeError("crashed")

    with monkeypatch.context() as patch:
        patch.setattr(type(channel), "send", crash)
        with pytest.raises(RuntimeError):
            backend.open(approval_id)
    assert backend.approval(approval_id).status == "pending"
    backend.open(approval_id)
    assert set(backend.account.mails_of_all()) == {"bob@example.com", "carol@example.com"}


@pytest.mark.parametrize(
    "error",
    [
        client_error("Throttled", "Publish"),
        ConnectTimeoutError(endpoint_url="https://sns"),
        ReadTimeoutError(endpoint_url="https://sns"),
    ],
    ids=["throttled", "no connection", "no answer"],
)
def test_one_mail_that_cannot_be_sent_does_not_stop_the_others(backend, monkeypatch, error):
    approval_id = backend.ask()
    channel = type(backend.rooms["request_approval"].channel)
    send = channel.send

    def flaky(self, recipient, mail):
        if recipient == "bob@example.com":
            raise error
        send(self, recipient, mail)

    monkeypatch.setattr(channel, "send", flaky)
    backend.open(approval_id)
    assert set(backend.account.mails_of_all()) == {"carol@example.com"}
    assert backend.approval(approval_id).notified


def test_when_nobody_could_be_mailed_the_workflow_tries_again(backend, monkeypatch):
    approval_id = backend.ask()
    channel = type(backend.rooms["request_approval"].channel)

    def fail(*_):
        raise client_error("InternalError", "Publish", status=500)

    with monkeypatch.context() as patch:
        patch.setattr(channel, "send", fail)
        with pytest.raises(TemporarilyUnavailable):
            backend.open(approval_id)
    assert not backend.approval(approval_id).notified
    backend.open(approval_id)
    assert len(backend.account.mails_of_all()) == 2


def test_without_an_approver_it_fails_at_once_and_says_why(backend, capsys):
    for name in ("bob", "carol"):
        backend.account.leave_group(backend.human(name), "approvers")
    approval_id = backend.ask()
    with pytest.raises(NobodyToAsk):
        backend.open(approval_id)
    approval = backend.approval(approval_id)
    assert (approval.status, approval.ended_by) == (
        "failed",
        "There is no approver who could decide it; ask your operator.",
    )
    assert token_of(approval_id) is None
    assert counted(capsys).count("ApprovalsUnreachable") == 1
    backend.settle(approval_id)
    backend.record(approval_id)
    [turn] = backend.turns(approval.conversation_id)
    assert "There is no approver" in turn["reply"]
    told = backend.account.mails_of_all()
    assert list(told) == ["alice@example.com"]
    assert "There is no approver" in told["alice@example.com"][0]["text"]


def test_the_only_approver_cannot_be_asked_about_their_own_request(backend):
    backend.account.leave_group(backend.human("carol"), "approvers")
    approval_id = backend.ask(by="bob")
    with pytest.raises(NobodyToAsk):
        backend.open(approval_id)
    assert backend.account.mails_of_all() == {}


def test_a_requester_who_was_disabled_gets_nothing_asked(backend):
    approval_id = backend.ask()
    backend.account.disable(backend.human("alice"))
    with pytest.raises(NobodyToAsk):
        backend.open(approval_id)
    assert "not active any more" in backend.approval(approval_id).ended_by
    assert backend.account.mails_of_all() == {}
    assert backend.settle(approval_id)["status"] == "failed"


@pytest.mark.parametrize("ending", ["cancelled", "rejected", "expired", "approved"])
def test_a_request_that_is_over_is_not_opened_again(backend, ending):
    approval_id = backend.ask()
    backend.open(approval_id, token="first")
    if ending == "cancelled":
        backend.cancel(approval_id)
    elif ending == "expired":
        backend.clock.turn(TIMEOUT_SECONDS)
        backend.settle(approval_id)
    else:
        backend.decide(approval_id, "approve" if ending == "approved" else "reject")
    backend.account.mails_of_all()
    with pytest.raises(ApprovalNotOpen):
        backend.open(approval_id, token="second")
    assert backend.approval(approval_id).status == ending
    assert token_of(approval_id) == "first"
    assert backend.account.mails_of_all() == {}


def test_a_cancel_between_reading_and_opening_wins(backend, monkeypatch):
    approval_id = backend.ask()
    approvals = backend.rooms["request_approval"].approvals
    opening = approvals.open_items

    def after_the_cancel(*arguments, **more):
        assert backend.cancel(approval_id).status == 200
        return opening(*arguments, **more)

    monkeypatch.setattr(approvals, "open_items", after_the_cancel)
    with pytest.raises(ApprovalNotOpen):
        backend.open(approval_id)
    assert backend.approval(approval_id).status == "cancelled"
    assert token_of(approval_id) is None
    assert backend.account.mails_of_all() == {}


@pytest.mark.parametrize("version", [1, 2])
def test_an_execution_of_no_record_opens_nothing(backend, version):
    backend.ask()
    event = {"v": version, "approval_id": "a" * 26, "digest": "0" * 64, "task_token": TOKEN}
    with pytest.raises(ApprovalNotOpen):
        room.handler(event, LambdaContext())
    assert client("dynamodb").scan(TableName=TASK_TOKENS)["Count"] == 0


def test_an_execution_of_the_previous_release_with_another_digest_opens_nothing(backend):
    approval_id = backend.ask()
    event = {"v": 1, "approval_id": approval_id, "digest": "0" * 64, "task_token": TOKEN}
    with pytest.raises(ApprovalNotOpen):
        room.handler(event, LambdaContext())
    assert backend.approval(approval_id).status == "preparing"
    assert client("dynamodb").scan(TableName=TASK_TOKENS)["Count"] == 0


@pytest.mark.parametrize("missing", ["v", "approval_id", "task_token"])
def test_a_payload_without_one_of_its_parts_is_refused(backend, missing):
    approval_id = backend.ask()
    event = {"v": 2, "approval_id": approval_id, "task_token": TOKEN}
    del event[missing]
    with pytest.raises(ValueError, match=missing):
        room.handler(event, LambdaContext())
    assert backend.approval(approval_id).status == "preparing"


@pytest.mark.parametrize(
    "event",
    [
        {"v": 3, "approval_id": "a" * 26, "task_token": TOKEN},
        {"v": 3, "command": "remind", "approval_ids": []},
        {"v": 2, "command": "remind", "approval_ids": ["a" * 26] * 26},
    ],
    ids=["a later version", "a later reminder", "too many at once"],
)
def test_a_payload_that_this_release_does_not_know_is_refused(backend, event):
    with pytest.raises(ValueError, match="validation error"):
        room.handler(event, LambdaContext())


def test_hostile_words_reach_the_approver_as_dead_text(backend):
    alice = backend.human("alice")
    backend.account.are_people_changed = True
    client("cognito-idp").admin_update_user_attributes(
        UserPoolId=backend.account.pool,
        Username=alice.sub,
        UserAttributes=[
            {"Name": "name", "Value": "A\r\nBcc: evil@example.com https://evil.example"}
        ],
    )
    approval_id = backend.ask({**INSTANCE, "key_name": "https://evil.example/approve"})
    backend.edit(
        approval_id, request_words="click https://evil.example\nDecide here: evil.example/a"
    )
    backend.open(approval_id)
    for [mail] in backend.account.mails_of_all().values():
        assert re.findall(r"https?://\S+", mail["text"]) == [f"{ORIGIN}/a/{approval_id}"]
        assert "evil.example" not in mail["text"]
        assert "\nBcc" not in mail["text"]
        assert "\n" not in mail["subject"]


def test_no_log_holds_the_task_token_or_an_address(backend, capsys):
    approval_id = backend.ask()
    backend.open(approval_id)
    written = str(capsys.readouterr())
    assert TOKEN not in written
    assert "@example.com" not in written


def test_a_request_changed_before_it_is_opened_is_not_asked(backend):
    approval_id = backend.ask()
    backend.edit_plan(approval_id, instance_type="t3.small")
    with pytest.raises(NobodyToAsk):
        backend.open(approval_id)
    approval = backend.approval(approval_id)
    assert approval.status == "failed"
    assert "changed after it was stored" in approval.ended_by
    assert backend.account.mails_of_all() == {}
