"""Deciding, cancelling, settling, repairing: who may, once, and what the workflow hears."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.account import ORIGIN
from tests.support.backend import TIMEOUT_SECONDS, TOKEN
from tests.support.fake_model import INSTANCE

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
    stored = backend.approval(approval_id)
    calls = [call["id"] for call in stored.calls()] if decision == "approve" else []
    assert output == {
        "v": 2,
        "approval_id": approval_id,
        "status": status,
        "digest": stored.digest,
        "calls": calls,
    }
    assert stored.decision.by.email == "carol@example.com"
    assert stored.decision.reason == "because"
    assert stored.version == 3
    assert TOKEN not in answer.text


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
