"""Who can write the table, and even holds approved requests, still launches nothing: promise I10."""

import json
from dataclasses import replace

import pytest

from functions.shared.approval import Decision, Person, Seal, Verdict
from functions.shared.approval_item import attributes, decision_item
from functions.shared.approved_call import LaunchRefused
from functions.shared.aws import client
from functions.shared.identifiers import timestamp
from functions.shared.plan import canonical, digest_of
from tests.support.account import APPROVALS
from tests.support.counted import counted
from tests.support.stories import approved_request, opened_request


def write(approval_id, **values):
    """Somebody with rights on the table writes the record, and no audit row."""
    client("dynamodb").update_item(
        TableName=APPROVALS,
        Key={"pk": {"S": approval_id}, "sk": {"S": "approval"}},
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
        ExpressionAttributeNames={f"#{name}": name for name in values},
        ExpressionAttributeValues=attributes({f":{name}": one for name, one in values.items()}),
    )


def forged(backend, approval_id, seal=None, **changes):
    """A decision as the product would have written it, by somebody who never made it."""
    approval = backend.approval(approval_id)
    carol = backend.human("carol")
    decision = Decision(
        decision=Verdict.APPROVE,
        by=Person(carol.sub, carol.email, carol.name),
        at=timestamp(backend.clock.now),
        digest=approval.digest,
        calls={call["id"]: Verdict.APPROVE for call in approval.calls()},
        seal=seal,
    )
    return replace(decision, **changes)


def refused(backend, approval_id, capsys):
    counted(capsys)
    with pytest.raises(LaunchRefused, match="genuine seal"):
        backend.launch(approval_id)
    assert counted(capsys) == ["LaunchesRefused"]
    assert backend.ec2.requests == []
    assert backend.ec2.instances() == []
    assert backend.rooms["launch_instance"].ledger.rows(approval_id) == {}


def test_a_forged_decision_without_a_seal_launches_nothing(backend, capsys):
    approval_id = opened_request(backend)
    write(approval_id, status="approved", decision=decision_item(forged(backend, approval_id)))
    refused(backend, approval_id, capsys)


@pytest.mark.parametrize("mac", ["", "AAAA", "not base64", "A" * 44, "é"])
def test_a_forged_seal_launches_nothing(backend, capsys, mac):
    approval_id = opened_request(backend)
    decision = forged(backend, approval_id, Seal(backend.account.seal_key, mac))
    write(approval_id, status="approved", decision=decision_item(decision))
    refused(backend, approval_id, capsys)


def test_the_seal_of_another_approval_launches_nothing(backend, capsys):
    other = approved_request(backend)
    approval_id = opened_request(backend)
    seal = backend.approval(other).decision.seal
    decision = forged(backend, approval_id, seal)
    write(approval_id, status="approved", decision=decision_item(decision))
    refused(backend, approval_id, capsys)


def test_a_whole_decision_copied_from_another_approval_of_the_same_plan_launches_nothing(
    backend, capsys
):
    other = backend.approval(approved_request(backend))
    approval_id = opened_request(backend)
    write(
        approval_id,
        status="approved",
        plan=other.plan,
        digest=other.digest,
        conversation_id=other.conversation_id,
        decision=decision_item(other.decision),
    )
    refused(backend, approval_id, capsys)


@pytest.mark.parametrize(
    "change",
    [
        {"reason": "another"},
        {"at": "2026-11-21T02:59:59Z"},
        {"self_confirmed": True},
        {"by": Person("somebody-else", "carol@example.com", "Carol")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_decision_changed_after_it_was_sealed_launches_nothing(backend, capsys, change):
    approval_id = approved_request(backend)
    decision = replace(backend.approval(approval_id).decision, **change)
    write(approval_id, decision=decision_item(decision))
    refused(backend, approval_id, capsys)


def test_a_rejection_turned_into_an_approval_launches_nothing(backend, capsys):
    approval_id = opened_request(backend)
    backend.decide(approval_id, "reject")
    decision = backend.approval(approval_id).decision
    calls = dict.fromkeys(decision.calls, Verdict.APPROVE)
    turned = replace(decision, decision=Verdict.APPROVE, calls=calls)
    write(approval_id, status="approved", decision=decision_item(turned))
    refused(backend, approval_id, capsys)


def test_another_plan_under_a_digest_and_a_decision_that_fit_launches_nothing(backend, capsys):
    approval_id = approved_request(backend)
    approval = backend.approval(approval_id)
    plan = json.loads(approval.plan)
    plan["calls"][0]["arguments"]["instance_type"] = "t3.small"
    plan["calls"][0]["parameters"]["InstanceType"] = "t3.small"
    text = canonical(plan)
    decision = replace(approval.decision, digest=digest_of(text))
    write(approval_id, plan=text, digest=digest_of(text), decision=decision_item(decision))
    refused(backend, approval_id, capsys)


def test_the_approver_s_own_decision_still_launches(backend):
    assert backend.launch(approved_request(backend))["status"] == "succeeded"
