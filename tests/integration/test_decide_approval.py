"""Deciding, cancelling, settling, repairing: who may, once, and what the workflow hears."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from functions.shared.aws import client
from functions.shared.identifiers import new_id
from tests.support.account import ORIGIN, TASK_TOKENS
from tests.support.backend import TIMEOUT_SECONDS, TOKEN
from tests.support.fake_model import INSTANCE
from tests.support.fake_states import client_error
from tests.support.gateway import claims_of, http_event

DECISION = "POST /approvals/{approval_id}/decision"
CANCEL = "POST /approvals/{approval_id}/cancel"


@pytest.fixture
def approval_id(backend):
    approval_id = backend.ask()
    backend.open(approval_id)
    return approval_id


def refused(answer, status, code):
    assert (answer.status, answer.json["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return answer


@pytest.mark.parametrize(("decision", "status"), [("approve", "approved"), ("reject", "rejected")])
def test_a_decision_is_stored_once_and_the_workflow_hears_its_state_only(
    backend, approval_id, decision, status
):
    answer = backend.decide(approval_id, decision, reason="because")
    assert answer.status == 200
    assert answer.json["status"] == status
    [(token, output)] = backend.states.answered
    assert token == TOKEN
    assert output == {"v": 1, "approval_id": approval_id, "status": status}
    stored = backend.approval(approval_id)
    assert stored.decision.by.email == "carol@example.com"
    assert stored.decision.reason == "because"
    assert stored.version == 3
    assert TOKEN not in answer.text


def test_nobody_decides_their_own_request(backend):
    approval_id = backend.ask(by="bob")
    backend.open(approval_id)
    before = backend.approval(approval_id)
    refused(backend.decide(approval_id, by="bob"), 403, "own_request")
    refused(backend.decide(approval_id, "reject", by="bob"), 403, "own_request")
    assert backend.approval(approval_id) == before
    assert backend.states.answered == []


def test_nobody_decides_their_own_request_through_a_second_account_with_their_address(backend):
    approval_id = backend.ask(by="bob")
    backend.open(approval_id)
    cognito = client("cognito-idp")
    twin = backend.account.enroll("Bob B.", "bob2@example.com", ("approvers",))
    cognito.admin_update_user_attributes(
        UserPoolId=backend.account.pool,
        Username=twin.sub,
        UserAttributes=[
            {"Name": "email", "Value": "BOB@Example.com"},
            {"Name": "email_verified", "Value": "true"},
        ],
    )
    backend.account.humans["twin"] = twin
    refused(backend.decide(approval_id, by="twin"), 403, "own_request")


def test_where_the_operator_allows_it_a_self_confirmation_is_stored_as_one(self_confirming):
    backend = self_confirming
    approval_id = backend.ask(by="alice")
    backend.open(approval_id)
    answer = backend.decide(approval_id, by="alice")
    assert answer.status == 200
    assert answer.json["decisions"][0]["self_confirmed"] is True
    assert backend.approval(approval_id).decision.self_confirmed


def test_a_stranger_gets_the_answer_of_an_unknown_id(backend, approval_id):
    stranger = refused(backend.decide(approval_id, by="dave"), 404, "not_found")
    body = {"decision": "approve", "digest": backend.approval(approval_id).digest}
    unknown = refused(
        backend.http(DECISION, by="dave", body=body, approval_id=new_id()), 404, "not_found"
    )
    assert stranger.json["detail"] == unknown.json["detail"]
    refused(backend.decide(approval_id, by="erin"), 404, "not_found")


def test_who_left_the_approvers_after_the_mail_cannot_decide_whatever_the_token_says(
    backend, approval_id
):
    carol = backend.human("carol")
    backend.account.leave_group(carol, "approvers")
    assert "approvers" in carol.groups
    refused(backend.decide(approval_id), 403, "not_an_approver")
    assert backend.approval(approval_id).status == "pending"


def test_who_became_an_approver_after_the_mail_can_decide(backend, approval_id):
    frank = backend.account.enroll("Frank", "frank@example.com", ("approvers",))
    backend.account.humans["frank"] = frank
    assert backend.decide(approval_id, by="frank").status == 200


def test_a_disabled_account_decides_nothing(backend, approval_id):
    backend.account.disable(backend.human("carol"))
    refused(backend.decide(approval_id), 403, "not_an_approver")
    assert backend.approval(approval_id).status == "pending"


def test_an_account_that_is_gone_decides_nothing(backend, approval_id):
    backend.account.are_people_changed = True
    client("cognito-idp").admin_delete_user(
        UserPoolId=backend.account.pool, Username=backend.human("carol").sub
    )
    refused(backend.decide(approval_id), 403, "not_an_approver")


def test_an_id_token_decides_nothing(backend, approval_id):
    carol = backend.human("carol")
    event = http_event(
        DECISION,
        claims=claims_of(carol.sub, carol.groups, use="id"),
        parameters={"approval_id": approval_id},
        body={"decision": "approve", "digest": backend.approval(approval_id).digest},
    )
    refused(backend.serve("decide_approval", event), 401, "wrong_token")
    assert backend.approval(approval_id).status == "pending"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"decision": "approve"},
        {"decision": "approve", "digest": ""},
        {"decision": "approve", "digest": None},
        {"decision": "approve", "digest": "x" * 64},
        {"decision": "approved", "digest": "0" * 64},
        {"decision": ["approve"], "digest": "0" * 64},
        {"decision": True, "digest": "0" * 64},
        {"decision": "approve", "digest": "0" * 64, "by": "carol"},
        {"decision": "approve", "digest": "0" * 64, "approver": "carol"},
        {"decision": "approve", "digest": "0" * 64, "reason": "x" * 1001},
        {"decision": "approve", "digest": "0" * 64, "reason": None},
        {"decision": "approve", "digest": "0" * 64, "calls": {}},
        {"decision": "approve", "digest": "0" * 64, "calls": [{"id": "a"}]},
        {"decision": "approve", "digest": "0" * 64, "calls": [{"id": "", "decision": "reject"}]},
        '{"decision": "reject", "decision": "approve", "digest": "' + "0" * 64 + '"}',
        "decision=approve",
        [],
    ],
    ids=lambda body: str(body)[:60],
)
def test_a_body_that_is_no_plain_decision_is_400(backend, approval_id, body):
    answer = backend.http(DECISION, by="carol", body=body, approval_id=approval_id)
    refused(answer, 400, "bad_request")
    assert backend.approval(approval_id).status == "pending"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ORIGIN}, 200),
        ({}, 200),
    ],
    ids=str,
)
def test_another_site_cannot_decide_for_a_person(backend, approval_id, headers, status):
    assert backend.decide(approval_id, headers=headers).status == status
    assert (backend.approval(approval_id).status == "approved") is (status == 200)


@pytest.mark.parametrize("route", [DECISION, CANCEL])
@pytest.mark.parametrize("spelling", ["upper", "slash", "short", "long"])
def test_an_id_spelled_otherwise_is_404(backend, approval_id, route, spelling):
    spelled = {
        "upper": approval_id.upper(),
        "slash": f"{approval_id}/",
        "short": approval_id[:-1],
        "long": f"{approval_id}a",
    }[spelling]
    body = {"decision": "approve", "digest": "0" * 64} if route == DECISION else {}
    refused(backend.http(route, by="carol", body=body, approval_id=spelled), 404, "not_found")


def test_another_digest_than_the_stored_one_is_409_and_says_reload(backend, approval_id):
    answer = refused(backend.decide(approval_id, digest="0" * 64), 409, "digest_differs")
    assert answer.headers["x-should-retry"] == "false"
    assert backend.approval(approval_id).status == "pending"


def test_ec2_30_a_plan_changed_between_view_and_vote_is_409(backend, approval_id):
    shown = backend.approval(approval_id).digest
    backend.edit(approval_id, digest="1" * 64)
    refused(backend.decide(approval_id, digest=shown), 409, "digest_differs")


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_at_expiry_it_is_410_and_one_second_before_it_is_not(backend, approval_id, seconds):
    backend.clock.turn(TIMEOUT_SECONDS + seconds)
    answer = backend.decide(approval_id)
    if seconds < 0:
        assert answer.status == 200
    else:
        refused(answer, 410, "expired")
        assert backend.states.answered == []


def test_the_table_itself_refuses_a_decision_after_expiry(backend, approval_id, monkeypatch):
    """The rule and the write look at the clock apart; the condition is the one that counts."""
    deciding = backend.rooms["decide_approval"]
    write = deciding.approvals.decide

    def late(approval, decision, now):
        backend.clock.turn(TIMEOUT_SECONDS)
        return write(approval, decision, backend.clock())

    monkeypatch.setattr(deciding.approvals, "decide", late)
    refused(backend.decide(approval_id), 410, "expired")
    assert backend.approval(approval_id).decision is None


def test_ec2_30_the_table_itself_refuses_a_decision_on_another_digest(
    backend, approval_id, monkeypatch
):
    deciding = backend.rooms["decide_approval"]
    write = deciding.approvals.decide

    def after_an_edit(approval, decision, now):
        backend.edit(approval_id, digest="1" * 64)
        return write(approval, decision, now)

    monkeypatch.setattr(deciding.approvals, "decide", after_an_edit)
    refused(
        backend.decide(approval_id, digest=backend.approval(approval_id).digest),
        409,
        "digest_differs",
    )
    assert backend.approval(approval_id).status == "pending"


@pytest.mark.parametrize("first", ["approve", "reject"])
@pytest.mark.parametrize("second", ["approve", "reject"])
@pytest.mark.parametrize("by", ["bob", "carol"])
def test_after_a_decision_only_the_same_one_is_200_everything_else_409(
    backend, approval_id, first, second, by
):
    made = backend.decide(approval_id, first).json
    before = backend.approval(approval_id)
    backend.clock.turn(60)
    answer = backend.decide(approval_id, second, by=by)
    if (second, by) == (first, "carol"):
        assert answer.status == 200
        assert answer.json["decisions"] == made["decisions"]
    else:
        problem = refused(answer, 409, "already_decided")
        assert problem.headers["x-should-retry"] == "false"
        told = problem.json
        assert (told["decided_by"], told["decision"], told["decided_at"]) == (
            "Carol",
            first,
            "2026-11-21T03:00:00Z",
        )
    assert backend.approval(approval_id) == before
    assert len(backend.states.answered) == 1


def test_ec2_23_of_twenty_decisions_at_once_one_wins(backend, approval_id):
    def vote(number):
        decision = "approve" if number % 2 else "reject"
        return backend.decide(approval_id, decision, by=("bob", "carol")[number // 2 % 2])

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(vote, range(20)))
    stored = backend.approval(approval_id)
    assert stored.version == 3
    winners = [answer for answer in answers if answer.status == 200]
    assert 1 <= len(winners) <= 5
    assert all(
        one.json["decisions"][0]["by"]["email"] == stored.decision.by.email for one in winners
    )
    assert {answer.status for answer in answers} == {200, 409}
    assert len(backend.states.answered) == 1


def test_a_lost_race_is_judged_on_what_the_winner_stored(backend, approval_id, monkeypatch):
    deciding = backend.rooms["decide_approval"]
    write = deciding.approvals.decide

    def after_bob(approval, decision, now):
        monkeypatch.setattr(deciding.approvals, "decide", write)
        assert backend.decide(approval_id, "reject", by="bob").status == 200
        return write(approval, decision, now)

    monkeypatch.setattr(deciding.approvals, "decide", after_bob)
    answer = refused(backend.decide(approval_id), 409, "already_decided")
    assert answer.json["decided_by"] == "Bob"
    assert backend.approval(approval_id).status == "rejected"


@pytest.mark.parametrize("is_settled_first", [True, False])
def test_approve_against_expire_has_one_winner(backend, approval_id, monkeypatch, is_settled_first):
    deciding = backend.rooms["decide_approval"]
    name = "decide" if is_settled_first else "end_undecided"
    write = getattr(deciding.approvals, name)

    def after_the_other(*arguments):
        monkeypatch.setattr(deciding.approvals, name, write)
        if is_settled_first:
            assert backend.settle(approval_id)["approved_calls"] == []
        else:
            assert backend.decide(approval_id).status == 200
        return write(*arguments)

    monkeypatch.setattr(deciding.approvals, name, after_the_other)
    if is_settled_first:
        refused(backend.decide(approval_id), 410, "expired")
        assert backend.approval(approval_id).status == "expired"
    else:
        settled = backend.settle(approval_id)
        assert settled["status"] == "approved"
        assert len(settled["approved_calls"]) == 1


def test_each_call_is_decided_on_its_own(backend):
    approval_id = backend.ask(INSTANCE, {**INSTANCE, "key_name": "other"})
    backend.open(approval_id)
    first, second = (call["id"] for call in backend.approval(approval_id).calls())
    verdict = [{"id": second, "decision": "reject"}]
    assert backend.decide(approval_id, calls=verdict).status == 200
    assert backend.settle(approval_id)["approved_calls"] == [first]
    again = backend.decide(approval_id)
    refused(again, 409, "already_decided")
    assert backend.decide(approval_id, calls=verdict).status == 200


def test_a_call_named_twice_or_unknown_is_400(backend, approval_id):
    call_id = backend.approval(approval_id).calls()[0]["id"]
    twice = [{"id": call_id, "decision": one} for one in ("approve", "reject")]
    refused(backend.decide(approval_id, calls=twice), 400, "bad_request")
    other = [{"id": "call_other", "decision": "approve"}]
    refused(backend.decide(approval_id, calls=other), 400, "bad_request")


def test_a_reason_is_kept_as_text_without_hidden_characters(backend, approval_id):
    reason = 'no <script>alert(1)</script>\nsecond line \u202e\x1b[31m\x00 {"level":"ERROR"}'
    backend.decide(approval_id, "reject", reason=reason)
    stored = backend.approval(approval_id).decision.reason
    assert stored == 'no <script>alert(1)</script>\nsecond line   [31m  {"level":"ERROR"}'


def test_before_it_is_open_nobody_can_decide(backend):
    approval_id = backend.ask()
    answer = refused(backend.decide(approval_id), 409, "not_ready")
    assert answer.headers["retry-after"] == "2"


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_spent_token_does_not_unmake_the_decision(backend, approval_id, code, caplog):
    backend.states.fail_with["send_task_success"] = [client_error(code)]
    answer = backend.decide(approval_id)
    assert (answer.status, answer.json["status"]) == (200, "approved")
    assert backend.approval(approval_id).status == "approved"
    assert [record.levelname for record in caplog.records if "spent" in record.message] == [
        "WARNING"
    ]
    assert backend.settle(approval_id)["status"] == "approved"


@pytest.mark.parametrize(
    "error",
    [
        client_error("ThrottlingException"),
        client_error("InternalError", status=500),
        ConnectTimeoutError(endpoint_url="https://states"),
        ReadTimeoutError(endpoint_url="https://states"),
    ],
    ids=["throttled", "broken", "no connection", "no answer"],
)
@pytest.mark.parametrize("repaired_by", ["sweep", "the same person"])
def test_a_lost_answer_to_the_workflow_is_sent_later(backend, approval_id, error, repaired_by):
    backend.states.fail_with["send_task_success"] = [error]
    assert backend.decide(approval_id).status == 200
    assert backend.states.answered == []
    if repaired_by == "sweep":
        backend.clock.turn(61)
        backend.sweep()
        [command] = [payload for name, payload in backend.invoked if name == "decide_approval"]
        backend.repair(command["approval_id"])
    else:
        assert backend.decide(approval_id).status == 200
    assert [output["status"] for _, output in backend.states.answered] == ["approved"]


def test_a_decision_without_a_stored_token_stands(backend, approval_id):
    client("dynamodb").delete_item(TableName=TASK_TOKENS, Key={"approval_id": {"S": approval_id}})
    assert backend.decide(approval_id).status == 200
    assert backend.states.answered == []


def test_after_the_ending_a_repeated_decision_answers_no_token_again(backend, approval_id):
    backend.decide(approval_id, "reject")
    backend.settle(approval_id)
    backend.record(approval_id)
    backend.states.answered.clear()
    assert backend.decide(approval_id, "reject").status == 200
    backend.repair(approval_id)
    assert backend.states.answered == []


def test_the_requester_takes_a_request_back_and_again_is_the_same(backend, approval_id):
    for _ in range(2):
        answer = backend.cancel(approval_id)
        assert (answer.status, answer.json["status"]) == (200, "cancelled")
    assert backend.approval(approval_id).ended_by == "The requester took it back."
    assert [output["status"] for _, output in backend.states.answered] == ["cancelled"]
    refused(backend.decide(approval_id), 409, "already_closed")


def test_a_request_still_being_prepared_can_be_taken_back(backend):
    approval_id = backend.ask()
    assert backend.cancel(approval_id).json["status"] == "cancelled"


def test_a_requester_whose_account_was_disabled_meanwhile_still_takes_it_back(backend, approval_id):
    backend.account.disable(backend.human("alice"))
    assert backend.cancel(approval_id).status == 200


@pytest.mark.parametrize("by", ["carol", "bob", "dave", "erin"])
def test_nobody_else_takes_it_back(backend, approval_id, by):
    refused(backend.cancel(approval_id, by=by), 404, "not_found")
    assert backend.approval(approval_id).status == "pending"


def test_a_decided_or_overdue_request_cannot_be_taken_back(backend, approval_id):
    other = backend.ask()
    backend.open(other)
    backend.decide(approval_id)
    refused(backend.cancel(approval_id), 409, "already_decided")
    backend.clock.turn(TIMEOUT_SECONDS)
    refused(backend.cancel(other), 409, "already_closed")
    backend.settle(other)
    refused(backend.cancel(other), 409, "already_closed")


def test_cancelling_from_another_site_is_refused(backend, approval_id):
    answer = backend.http(
        CANCEL, body={}, headers={"origin": "https://evil.example"}, approval_id=approval_id
    )
    refused(answer, 403, "not_allowed")
    refused(backend.http(CANCEL, body={"force": True}, approval_id=approval_id), 400, "bad_request")


def test_settling_ends_what_nobody_decided_and_leaves_the_rest(backend, approval_id):
    preparing = backend.ask()
    assert backend.settle(approval_id) == {"v": 1, "status": "expired", "approved_calls": []}
    assert backend.settle(approval_id)["status"] == "expired"
    assert backend.settle(preparing)["status"] == "failed"
    decided = backend.ask()
    backend.open(decided)
    backend.decide(decided)
    settled = backend.settle(decided)
    assert settled["approved_calls"] == [backend.approval(decided).calls()[0]["id"]]


def test_a_rejected_request_has_no_calls_to_run(backend, approval_id):
    backend.decide(approval_id, "reject")
    assert backend.settle(approval_id) == {"v": 1, "status": "rejected", "approved_calls": []}


def test_repair_expires_what_is_overdue_and_leaves_what_still_waits(backend, approval_id):
    backend.repair(approval_id)
    assert backend.approval(approval_id).status == "pending"
    backend.clock.turn(TIMEOUT_SECONDS)
    backend.repair(approval_id)
    assert backend.approval(approval_id).status == "expired"
    assert [output["status"] for _, output in backend.states.answered] == ["expired"]


@pytest.mark.parametrize("command", ["approve", "decide", "", None])
def test_there_is_no_command_that_decides(backend, approval_id, command):
    import functions.decide_approval.handler as room
    from tests.support.gateway import LambdaContext

    event = {"v": 1, "command": command, "approval_id": approval_id}
    with pytest.raises(ValueError, match="command"):
        room.handler(event, LambdaContext())
    assert backend.approval(approval_id).status == "pending"


def test_no_answer_and_no_log_holds_the_task_token(backend, approval_id, capsys):
    answers = [
        backend.decide(approval_id, digest="0" * 64),
        backend.decide(approval_id),
        backend.decide(approval_id, "reject"),
        backend.cancel(approval_id),
    ]
    assert TOKEN not in json.dumps([answer.text for answer in answers])
    assert TOKEN not in str(capsys.readouterr())
