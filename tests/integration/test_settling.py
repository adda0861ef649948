"""Settling and repairing: what holds when the workflow's wait is over, and how a lost answer reaches it."""

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from functions.shared.aws import client
from tests.support.account import TASK_TOKENS
from tests.support.backend import TIMEOUT_SECONDS
from tests.support.counted import counted
from tests.support.fake_states import client_error


@pytest.fixture
def approval_id(backend):
    approval_id = backend.ask()
    backend.open(approval_id)
    return approval_id


def refused(answer, status, code):
    assert (answer.status, answer.json["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return answer


@pytest.mark.parametrize("is_settled_first", [True, False])
def test_approve_against_expire_has_one_winner(backend, approval_id, monkeypatch, is_settled_first):
    deciding = backend.rooms["decide_approval"]
    name = "decide" if is_settled_first else "end_undecided"
    write = getattr(deciding.approvals, name)

    def after_the_other(*arguments):
        monkeypatch.setattr(deciding.approvals, name, write)
        if is_settled_first:
            backend.clock.turn(TIMEOUT_SECONDS)
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
        assert command["approval_ids"] == [approval_id]
        backend.repair(approval_id)
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


def test_settling_ends_what_nobody_decided_and_leaves_the_rest(backend, approval_id, capsys):
    preparing, decided = backend.ask(), backend.ask()
    backend.open(decided)
    backend.decide(decided)
    backend.clock.turn(TIMEOUT_SECONDS)
    settled = {"v": 2, "status": "expired", "approved_calls": []}
    assert backend.settle(approval_id) == {
        **settled,
        "digest": backend.approval(approval_id).digest,
    }
    assert backend.settle(approval_id)["status"] == "expired"
    assert counted(capsys).count("ApprovalsExpired") == 1
    assert backend.settle(preparing)["status"] == "failed"
    answer = backend.settle(decided)
    assert answer["approved_calls"] == [backend.approval(decided).calls()[0]["id"]]
    assert answer["digest"] == backend.approval(decided).digest


def test_settling_before_the_time_is_over_means_that_nobody_could_be_reached(backend, approval_id):
    assert backend.settle(approval_id)["status"] == "failed"
    approval = backend.approval(approval_id)
    assert approval.ended_by == "No approver could be reached; ask your operator."
    refused(backend.decide(approval_id), 409, "already_closed")
    assert [row["event"] for row in backend.audit(approval_id)][-1] == "failed"


def test_an_edited_plan_settles_to_no_calls_and_is_counted(backend, approval_id, capsys):
    backend.decide(approval_id)
    backend.edit_plan(approval_id, key_name="other")
    counted(capsys)
    settled = backend.settle(approval_id)
    assert (settled["status"], settled["approved_calls"]) == ("approved", [])
    assert counted(capsys) == ["LaunchesRefused"]


def test_the_workflow_hears_of_no_call_whose_plan_was_edited(backend, approval_id):
    backend.states.fail_with["send_task_success"] = [client_error("ThrottlingException")]
    backend.decide(approval_id)
    backend.edit_plan(approval_id, key_name="other")
    backend.repair(approval_id)
    [(_, output)] = backend.states.answered
    assert (output["status"], output["calls"]) == ("approved", [])


def test_a_rejected_request_has_no_calls_to_run(backend, approval_id):
    backend.decide(approval_id, "reject")
    settled = backend.settle(approval_id)
    assert (settled["status"], settled["approved_calls"]) == ("rejected", [])


def test_the_previous_release_s_workflow_settles_in_its_own_words(backend, approval_id):
    import functions.decide_approval.handler as room
    from tests.support.gateway import LambdaContext

    backend.decide(approval_id)
    event = {"v": 1, "command": "settle", "approval_id": approval_id}
    settled = room.handler(event, LambdaContext())
    assert (settled["v"], settled["status"]) == (1, "approved")
    assert settled["approved_calls"] == [backend.approval(approval_id).calls()[0]["id"]]


def test_repair_expires_what_is_overdue_and_leaves_what_still_waits(backend, approval_id):
    backend.repair(approval_id)
    assert backend.approval(approval_id).status == "pending"
    backend.clock.turn(TIMEOUT_SECONDS)
    backend.repair(approval_id)
    assert backend.approval(approval_id).status == "expired"
    assert [output["status"] for _, output in backend.states.answered] == ["expired"]
