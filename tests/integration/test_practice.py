"""A practice: decided as any other request, by one approver alone, and nothing of it runs anywhere."""

import json
from dataclasses import replace

import pytest

import functions.chat.continue_turn
import functions.launch_instance.handler
import functions.preflight.handler
from functions.chat.practise import practice_for
from functions.request_approval.open_approval import NobodyToAsk
from functions.shared.approval import Outcome
from functions.shared.approved_call import LaunchRefused
from functions.shared.audit_chain import verify_record
from functions.shared.aws import client
from functions.shared.plan import canonical, digest_of
from functions.shared.practice import ASKER, DONE, SENTENCE
from infra.manifests.actions import KNOWN_OPERATIONS
from tests.support.account import (
    ACCOUNT_ID,
    BUDGETS,
    CONVERSATIONS,
    REGION,
    freeze,
)
from tests.support.gateway import LambdaContext


def never(*_):
    raise AssertionError("AWS was to be asked")


def asked_for(backend, name="carol"):
    """The operator's command; the id that it answers."""
    command = {"v": 2, "command": "practice", "sub": backend.human(name).sub}
    answer = functions.chat.continue_turn.handler(command, LambdaContext(300_000))
    return answer["approval_id"]


def opened(backend, name="carol"):
    """As the workflow opens it, with the real checks."""
    approval_id = asked_for(backend, name)
    backend.preflight(approval_id)
    backend.rehearse(approval_id)
    backend.request(approval_id)
    return approval_id


def finished(backend, approval_id):
    """As the workflow goes on after a decision."""
    for call_id in backend.states.answered[-1][1]["calls"]:
        backend.launch(approval_id, call_id)
    backend.record(approval_id)
    backend.last_word(approval_id)
    return backend.approval(approval_id)


def seen(backend, approval_id, by="carol"):
    return backend.http("GET /approvals/{approval_id}", by=by, approval_id=approval_id)


def test_it_is_recorded_and_started_as_any_other_request(backend):
    approval_id = asked_for(backend)
    approval = backend.approval(approval_id)
    assert (approval.status, approval.requester) == ("preparing", ASKER)
    assert approval.practised_by == backend.human("carol").sub
    assert backend.states.executions == {approval_id: {"v": 2, "approval_id": approval_id}}
    [row] = backend.audit(approval_id)
    assert (row["event"], row["actor"], row["details"]["agent"]) == (
        "requested",
        "countersign",
        "practice",
    )


def test_only_the_one_approver_is_mailed_and_the_mail_says_what_it_is(backend):
    approval_id = opened(backend)
    mails = backend.account.mails_of_all()
    assert set(mails) == {"carol@example.com"}
    [mail] = mails["carol@example.com"]
    assert mail["subject"] == "[Countersign dev] Countersign: practice, by 04:00 UTC"
    assert mail["text"].startswith(SENTENCE)
    assert "Asked by Countersign" in mail["text"]
    assert f"/a/{approval_id}" in mail["text"]
    assert "Account:" not in mail["text"]


def test_it_is_approved_and_everyone_reads_that_nothing_was_started(backend):
    approval_id = opened(backend)
    backend.account.mails_of_all()
    assert backend.decide(approval_id).status == 200
    approval = finished(backend, approval_id)
    assert approval.status == "approved"
    assert {call: (one.status, one.text) for call, one in approval.outcomes.items()} == {
        "practice": ("succeeded", DONE)
    }
    mails = backend.account.mails_of_all()
    assert set(mails) == {"carol@example.com"}
    assert mails["carol@example.com"][0]["text"].startswith(DONE)
    rows = backend.audit(approval_id)
    assert [row["event"] for row in rows] == ["requested", "opened", "decided", "closed"]
    assert json.loads(rows[1]["details"]["plan"])["practice"] == backend.human("carol").sub
    assert verify_record(approval, rows) == []


def test_nothing_of_it_reaches_aws_but_our_own_tables_keys_and_mails(backend, monkeypatch):
    looking = replace(backend.rooms["preflight"], readings=never)
    monkeypatch.setattr(functions.preflight.handler, "deps", lambda: looking)
    approval_id = opened(backend)
    backend.decide(approval_id)
    assert finished(backend, approval_id).outcomes["practice"].status == "succeeded"
    assert (backend.ec2.requests, backend.ec2.rehearsals, backend.ssm.requests) == ([], [], [])


@pytest.mark.parametrize("mode", ["live", "dry_run"])
def test_it_is_the_same_in_shadow_mode(backend, monkeypatch, mode):
    launching = backend.rooms["launch_instance"]
    shadow = replace(launching, settings=replace(launching.settings, launch=mode))
    monkeypatch.setattr(functions.launch_instance.handler, "deps", lambda: shadow)
    approval_id = opened(backend)
    backend.decide(approval_id)
    assert finished(backend, approval_id).outcomes["practice"] == Outcome("succeeded", DONE)


def test_a_rejected_practice_says_so_too(backend):
    approval_id = opened(backend)
    backend.decide(approval_id, "reject", reason="too large")
    approval = finished(backend, approval_id)
    assert approval.status == "rejected"
    assert approval.outcomes["practice"].text == (
        "Carol rejected this; this was practice and nothing was started. Reason: too large"
    )


def test_a_practice_that_nobody_decides_expires(backend):
    approval_id = opened(backend)
    backend.clock.turn(3601)
    backend.settle(approval_id)
    backend.record(approval_id)
    approval = backend.approval(approval_id)
    assert (approval.status, approval.outcomes["practice"].status) == ("expired", "expired")
    assert "nothing was started" in approval.outcomes["practice"].text


def test_no_other_approver_sees_it_or_may_decide_it(backend):
    approval_id = opened(backend)
    assert seen(backend, approval_id, "bob").status == 404
    assert seen(backend, approval_id, "alice").status == 404
    assert backend.http("GET /approvals", by="bob").json["approvals"] == []
    for verdict in ("approve", "reject"):
        answer = backend.decide(approval_id, verdict, by="bob")
        assert (answer.status, answer.json["code"]) == (404, "not_found")
    assert backend.approval(approval_id).status == "pending"
    assert backend.states.answered == []


def test_page_and_inbox_mark_it_and_the_one_approver_may_decide(backend):
    approval_id = opened(backend)
    view = seen(backend, approval_id).json
    assert (view["practice"], view["can_decide"], view["mine"]) == (True, True, False)
    assert (view["sentence"], view["in_aws"], view["conversation_id"]) == (SENTENCE, False, None)
    assert [fact["key"] for fact in view["facts"]] == ["practice"]
    assert [(step["event"], step["by"]) for step in view["history"]] == [
        ("requested", "Countersign"),
        ("opened", "request_approval"),
    ]
    [row] = backend.http("GET /approvals", by="carol").json["approvals"]
    assert (row["id"], row["practice"], row["can_decide"]) == (approval_id, True, True)
    real = backend.ask()
    backend.open(real)
    assert seen(backend, real).json["practice"] is False
    assert backend.http("GET /approvals", by="bob").json["approvals"][0]["practice"] is False


def test_an_auditor_reads_it_and_decides_nothing(backend):
    approval_id = opened(backend)
    assert seen(backend, approval_id, "erin").json["can_decide"] is False
    assert len(seen(backend, approval_id, "erin").json["history"]) == 2
    assert backend.decide(approval_id, by="erin").status == 404


def test_who_has_left_the_approvers_cannot_decide_their_practice(backend):
    approval_id = opened(backend)
    backend.account.leave_group(backend.human("carol"), "approvers")
    answer = backend.decide(approval_id)
    assert (answer.status, answer.json["code"]) == (403, "not_an_approver")


@pytest.mark.parametrize("name", ["alice", "gone"])
def test_who_is_no_approver_practises_nothing_and_nobody_is_mailed(backend, name):
    if name == "gone":
        backend.account.humans["gone"] = backend.account.enroll(
            "G", "g@example.com", ("approvers",)
        )
        backend.account.disable(backend.human("gone"))
    approval_id = asked_for(backend, name)
    backend.preflight(approval_id)
    backend.rehearse(approval_id)
    with pytest.raises(NobodyToAsk):
        backend.request(approval_id)
    approval = backend.approval(approval_id)
    assert (approval.status, approval.ended_by) == (
        "failed",
        "Who was to practise is no approver, or not active.",
    )
    backend.record(approval_id)
    assert backend.account.mails_of_all() == {}


def test_it_can_be_practised_while_launches_are_frozen(backend):
    approval_id = opened(backend)
    freeze('{"frozen":true,"reason":"audit","by":"dana","at":"2026-11-21T03:00:00Z"}')
    backend.decide(approval_id)
    assert finished(backend, approval_id).outcomes["practice"].status == "succeeded"


def test_it_uses_no_budget_and_leaves_no_conversation(limited):
    backend = limited(approvals=1, open_approvals=1)
    approval_id = opened(backend)
    backend.decide(approval_id)
    finished(backend, approval_id)
    for table in (BUDGETS, CONVERSATIONS):
        assert client("dynamodb").scan(TableName=table)["Items"] == [], table


def test_a_plan_that_calls_itself_a_practice_launches_nothing(backend):
    """Whoever may ask for practices gains no way to have something launched on one vote of their choice."""
    approval_id = backend.ask()
    approval = backend.approval(approval_id)
    forged = canonical({**approval.plan_value(), "practice": backend.human("bob").sub})
    backend.edit(approval_id, plan=forged, digest=digest_of(forged))
    backend.open(approval_id)
    assert backend.decide(approval_id, by="bob").status == 200
    with pytest.raises(LaunchRefused, match="practice"):
        backend.launch(approval_id)
    assert backend.ec2.requests == []


def test_a_practice_that_is_nobody_s_practice_is_refused(backend, monkeypatch):
    """Even with a genuine seal: whose practice it is stood in no plan that this one's approver saw."""
    approval_id = opened(backend)
    backend.decide(approval_id)
    approval = backend.approval(approval_id)
    plan = approval.plan_value()
    text = canonical({name: value for name, value in plan.items() if name != "practice"})
    decision = replace(approval.decision, digest=digest_of(text))
    forged = replace(approval, plan=text, digest=digest_of(text), decision=decision)
    room = backend.rooms["launch_instance"]
    monkeypatch.setattr(type(room.approvals), "get", lambda *_: forged)
    monkeypatch.setattr(type(room.seals), "is_genuine", lambda *_: True)
    with pytest.raises(LaunchRefused, match="practice"):
        backend.launch(approval_id, "practice", digest=digest_of(text))


def test_no_manifest_can_name_it_and_each_one_has_its_own_digest(backend):
    assert "practice" not in KNOWN_OPERATIONS
    where = {"account": ACCOUNT_ID, "region": REGION, "target": "default"}
    made = [
        practice_for("sub", approval_id="a", random=random, now=backend.clock(), **where)
        for random in ("one", "two")
    ]
    assert made[0].digest != made[1].digest


def test_a_command_without_a_person_is_no_command(backend):
    for sub in ("", "x" * 65):
        with pytest.raises(ValueError, match="sub"):
            functions.chat.continue_turn.handler(
                {"v": 2, "command": "practice", "sub": sub}, LambdaContext()
            )
    assert backend.states.executions == {}
