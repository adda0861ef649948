"""OWASP AISVS 1.0, C9.2: how each of its six requirements is read here is said in docs/acceptance.md."""

import json

import pytest
from pydantic import ValidationError

import functions.end_lease.handler
from functions.shared.approval_reader import record_key
from functions.shared.approved_call import LaunchRefused
from functions.shared.aws import client
from functions.shared.identifiers import new_id
from functions.shared.plan import canonical, digest_of
from infra.page import Page
from tests.support.account import APPROVALS, freeze
from tests.support.backend import LEASE_HOURS, TIMEOUT_SECONDS
from tests.support.fake_model import INSTANCE
from tests.support.gateway import LambdaContext

OURS = {"ClientToken", "TagSpecifications"}
"""What a launch adds to what was shown, so that it can be repeated and found again."""


def waiting(backend, *arguments, **more):
    approval_id = backend.ask(*arguments, **more)
    backend.open(approval_id)
    return approval_id


def launches(backend, approval_id):
    """How many launches a delivery of the workflow's event leads to."""
    before = len(backend.ec2.requests)
    try:
        backend.launch(approval_id)
    except LaunchRefused:
        assert len(backend.ec2.requests) == before
    return len(backend.ec2.requests) - before


def stored(approval_id):
    return client("dynamodb").get_item(TableName=APPROVALS, Key=record_key(approval_id))["Item"]


def store(item):
    client("dynamodb").put_item(TableName=APPROVALS, Item=item)


def test_aisvs_9_2_1_nothing_is_launched_before_another_person_has_said_yes(backend):
    """C9.2.1: an action that cannot be taken back needs a person's explicit yes."""
    preparing = backend.ask()
    assert launches(backend, preparing) == 0
    for end in ("waits", "rejected", "taken back", "expired"):
        approval_id = waiting(backend, by="alice")
        if end == "rejected":
            assert backend.decide(approval_id, "reject").status == 200
        if end == "taken back":
            assert backend.cancel(approval_id).status == 200
        if end == "expired":
            backend.clock.turn(TIMEOUT_SECONDS)
            backend.settle(approval_id)
        assert launches(backend, approval_id) == 0, end
    own = waiting(backend, by="bob")
    assert backend.decide(own, by="bob").status == 403
    assert launches(backend, own) == 0
    assert backend.decide(own, by="carol").status == 200
    assert launches(backend, own) == 1


def test_aisvs_9_2_2_what_is_shown_is_all_of_what_is_sent_canonical_and_uncut(backend):
    """C9.2.2: approvers see the exact parameters, whole, in one canonical form."""
    arguments = {**INSTANCE, "key_name": "k" * 255}
    approval_id = waiting(backend, arguments)
    shown = backend.http("GET /approvals/{approval_id}", by="carol", approval_id=approval_id).json
    assert digest_of(canonical(shown["plan"])) == shown["digest"]
    [call] = shown["plan"]["calls"]
    assert call["arguments"] == arguments
    assert arguments["key_name"] in {fact["value"] for fact in shown["facts"]}
    assert backend.decide(approval_id, digest=shown["digest"]).status == 200
    backend.launch(approval_id)
    [request] = backend.ec2.requests
    assert {name: value for name, value in request.items() if name not in OURS} == (
        call["parameters"]
    )


EDITS = {
    "an argument": lambda plan: plan["calls"][0]["arguments"].update(instance_type="t3.small"),
    "a parameter": lambda plan: plan["calls"][0]["parameters"].update(InstanceType="t3.small"),
    "both": lambda plan: (
        plan["calls"][0]["arguments"].update(instance_type="t3.small"),
        plan["calls"][0]["parameters"].update(InstanceType="t3.small"),
    ),
    "the requester": lambda plan: plan.update(requester="sub-mallory"),
    "the account": lambda plan: plan.update(account="210987654321"),
    "the region": lambda plan: plan.update(region="eu-west-1"),
    "the target": lambda plan: plan.update(target="production"),
    "the manifest": lambda plan: plan.update(manifest="0" * 64),
    "the lease": lambda plan: plan.update(lease={"hours": 72}),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("thoroughly", [False, True], ids=["the plan alone", "with its digests"])
def test_aisvs_9_2_3_a_decision_holds_for_its_parameters_people_and_place_alone(
    backend, edit, thoroughly
):
    """C9.2.3: a decision is bound by a MAC to parameters, requester and where it runs."""
    approval_id = waiting(backend)
    assert backend.decide(approval_id).status == 200
    item = stored(approval_id)
    plan = json.loads(item["plan"]["S"])
    EDITS[edit](plan)
    item["plan"]["S"] = canonical(plan)
    if thoroughly:
        item["digest"]["S"] = item["decision"]["M"]["digest"]["S"] = digest_of(canonical(plan))
    store(item)
    assert launches(backend, approval_id) == 0


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("by", {"M": {"sub": {"S": "x"}, "email": {"S": "x"}, "name": {"S": "x"}}}),
        ("at", {"S": "2026-11-21T02:00:00Z"}),
        ("reason", {"S": "go ahead"}),
        ("self_confirmed", {"BOOL": True}),
        ("seal", {"M": {"key": {"S": "arn:aws:kms:x"}, "mac": {"S": "AAAA"}}}),
        ("seal", None),
    ],
)
def test_aisvs_9_2_3_an_edited_decision_is_no_decision(backend, part, value):
    """C9.2.3: the MAC covers who decided, when and why, and nobody else can make it."""
    approval_id = waiting(backend)
    assert backend.decide(approval_id).status == 200
    item = stored(approval_id)
    item["decision"]["M"].pop(part)
    if value is not None:
        item["decision"]["M"][part] = value
    store(item)
    assert launches(backend, approval_id) == 0


def test_aisvs_9_2_4_each_approval_has_a_nonce_and_serves_once(backend):
    """C9.2.4: what was approved once cannot be replayed, nor stand in for something else."""
    first, second = waiting(backend, by="alice"), waiting(backend, by="bob")
    digests = {backend.approval(one).digest for one in (first, second)}
    assert len(digests) == 2
    randoms = {backend.approval(one).plan_value()["random"] for one in (first, second)}
    assert len(randoms) == 2
    assert backend.decide(first).status == 200
    decision = backend.approval(first).decision
    assert backend.decide(first).status == 200
    assert backend.approval(first).decision == decision
    assert backend.decide(first, "reject").status == 409
    assert [launches(backend, first) for _ in range(3)] == [1, 0, 0]
    assert len(backend.ec2.instances()) == 1
    # The decision and its seal, copied to another request or under another id.
    taken, other = stored(first), stored(second)
    store({**other, "status": taken["status"], "decision": taken["decision"]})
    assert launches(backend, second) == 0
    copy = {**taken, "pk": {"S": new_id()}}
    copy.pop("closed_at", None)
    store(copy)
    assert launches(backend, copy["pk"]["S"]) == 0


def test_aisvs_9_2_5_an_approval_ends_at_its_time_and_there_is_a_longest_one(backend):
    """C9.2.5: after its time an approval is refused, and no operator can set an endless one."""
    approval_id = waiting(backend)
    approval = backend.approval(approval_id)
    assert approval.expires_at == int(backend.clock().timestamp()) + TIMEOUT_SECONDS
    backend.clock.turn(TIMEOUT_SECONDS)
    assert backend.decide(approval_id).status == 410
    assert backend.settle(approval_id)["approved_calls"] == []
    assert launches(backend, approval_id) == 0
    page = {"stage": "dev", "launch": "live", "region": "us-east-1", "model": {"name": "a-model"}}
    week = 7 * 24 * 3600
    assert Page.model_validate({**page, "approval_timeout_seconds": week})
    with pytest.raises(ValidationError):
        Page.model_validate({**page, "approval_timeout_seconds": week + 1})


def test_aisvs_9_2_6_what_was_launched_is_taken_back_by_its_lease_and_trouble_is_contained(backend):
    """C9.2.6: a launch has its compensating action, and one that cannot be done well is not done."""
    frozen = waiting(backend, by="bob")
    assert backend.decide(frozen).status == 200
    freeze('{"frozen":true,"reason":"drill","by":"Olga","at":"2026-11-21T03:00:00Z"}')
    assert launches(backend, frozen) == 0
    backend.record(frozen)
    assert backend.approval(frozen).outcomes[_call(backend, frozen)].status == "denied"
    freeze()

    approval_id = waiting(backend, by="alice")
    assert backend.decide(approval_id).status == 200
    assert launches(backend, approval_id) == 1
    lease = {"approval_id": approval_id, "call_id": _call(backend, approval_id)}
    states = []
    for seconds in (0, LEASE_HOURS * 3600, 7 * 24 * 3600):
        backend.clock.turn(seconds)
        command = {"v": 2, "command": "step", "leases": [lease]}
        functions.end_lease.handler.handler(command, LambdaContext())
        [instance] = backend.ec2.instances()
        states.append(instance["State"]["Name"])
    assert states == ["running", "stopped", "terminated"]
    events = [row["event"] for row in backend.audit(approval_id)]
    assert events[-2:] == ["lease_stopped", "lease_terminated"]


def _call(backend, approval_id):
    return backend.approval(approval_id).calls()[0]["id"]
