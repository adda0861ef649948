"""What the state LaunchInstance refuses: whatever is not exactly what was shown and approved."""

from dataclasses import replace

import pytest

import functions.launch_instance.handler as room
from functions.launch_instance.launch import LaunchRefused
from functions.shared.plan import canonical, digest_of
from functions.shared.targets import Targets
from tests.support.backend import TIMEOUT_SECONDS
from tests.support.fake_model import INSTANCE
from tests.support.gateway import LambdaContext
from tests.support.stories import approved_request, told


@pytest.fixture
def approved(backend):
    return approved_request(backend)


NOT_APPROVED = ["preparing", "pending", "rejected", "cancelled", "expired"]


@pytest.mark.parametrize("state", NOT_APPROVED)
def test_nothing_runs_that_is_not_approved(backend, state):
    approval_id = backend.ask()
    if state != "preparing":
        backend.open(approval_id)
    if state == "rejected":
        backend.decide(approval_id, "reject")
    if state == "cancelled":
        backend.cancel(approval_id)
    if state == "expired":
        backend.clock.turn(TIMEOUT_SECONDS)
        backend.settle(approval_id)
    assert backend.approval(approval_id).status == state
    with pytest.raises(LaunchRefused):
        backend.launch(approval_id)
    assert backend.ec2.requests == []


@pytest.mark.parametrize(
    "change",
    [
        {"approval_id": "a" * 26},
        {"digest": "0" * 64},
        {"digest": ""},
        {"call_id": "call_other"},
        {"call_id": ""},
    ],
    ids=str,
)
def test_a_hand_made_event_for_something_else_runs_nothing(backend, approved, change):
    approval = backend.approval(approved)
    event = {
        "v": 2,
        "approval_id": approved,
        "digest": approval.digest,
        "call_id": approval.calls()[0]["id"],
    }
    with pytest.raises(LaunchRefused):
        room.handler({**event, **change}, LambdaContext())
    assert backend.ec2.requests == []


@pytest.mark.parametrize("version", [0, 3, "2", None])
def test_an_event_of_another_version_is_refused(backend, approved, version):
    with pytest.raises(ValueError, match="v"):
        backend.launch(approved, v=version)
    assert backend.ec2.requests == []


def test_ec2_30_a_plan_edited_after_the_vote_runs_nothing(backend, approved):
    backend.edit_plan(approved, instance_type="t3.small")
    with pytest.raises(LaunchRefused, match="digest"):
        backend.launch(approved)
    assert backend.ec2.requests == []


def test_ec2_30_a_plan_edited_with_a_digest_that_fits_runs_nothing(backend, approved):
    plan = backend.approval(approved).plan_value()
    plan["calls"][0]["arguments"]["key_name"] = "other"
    text = canonical(plan)
    backend.edit(approved, plan=text, digest=digest_of(text))
    for digest in (digest_of(text), backend.approval(approved).decision.digest):
        with pytest.raises(LaunchRefused, match="digest"):
            backend.launch(approved, digest=digest)
    assert backend.ec2.requests == []


def test_a_record_made_approved_by_hand_runs_nothing(backend):
    approval_id = backend.ask()
    backend.open(approval_id)
    backend.edit(approval_id, status="approved")
    with pytest.raises(LaunchRefused):
        backend.launch(approval_id)
    assert backend.ec2.requests == []


@pytest.mark.parametrize(
    "status", ["cancelled", "expired", "denied", "failed", "rejected", "pending"]
)
def test_an_approved_record_that_an_operator_takes_back_by_hand_runs_nothing(
    backend, approved, status
):
    backend.edit(approved, status=status)
    with pytest.raises(LaunchRefused):
        backend.launch(approved)
    assert backend.ec2.requests == []


def test_a_call_that_was_rejected_beside_an_approved_one_does_not_run(backend):
    approval_id = backend.ask(INSTANCE, {**INSTANCE, "key_name": "other"})
    backend.open(approval_id)
    first, second = (call["id"] for call in backend.approval(approval_id).calls())
    backend.decide(approval_id, calls=[{"id": second, "decision": "reject"}])
    with pytest.raises(LaunchRefused):
        backend.launch(approval_id, second)
    backend.launch(approval_id, first)
    assert [request["KeyName"] for request in backend.ec2.requests] == ["kondo"]


@pytest.mark.parametrize(
    ("member", "value"),
    [("account", "210987654321"), ("region", "eu-west-1"), ("name", "other")],
)
def test_a_plan_for_another_target_runs_nothing(backend, approved, monkeypatch, member, value):
    here = backend.rooms["launch_instance"]
    changed = replace(here.targets.first, **{member: value})
    elsewhere = replace(here, targets=Targets([changed]))
    monkeypatch.setattr(room, "deps", lambda: elsewhere)
    with pytest.raises(LaunchRefused, match="target"):
        backend.launch(approved)
    assert backend.ec2.requests == []


def test_a_closed_record_runs_nothing(backend, approved):
    backend.record(approved)
    with pytest.raises(LaunchRefused):
        backend.launch(approved)
    assert backend.ec2.requests == []


def test_a_record_closed_between_reading_and_the_row_runs_nothing(backend, approved, monkeypatch):
    ledger = backend.rooms["launch_instance"].ledger
    begin = ledger.begin

    def after_closing(*arguments, **more):
        backend.record(approved)
        return begin(*arguments, **more)

    monkeypatch.setattr(ledger, "begin", after_closing)
    with pytest.raises(LaunchRefused):
        backend.launch(approved)
    assert backend.ec2.requests == []


@pytest.mark.parametrize(
    "member", ["arguments", "parameters"], ids=["what was shown", "what would be sent"]
)
@pytest.mark.parametrize(
    "change",
    [{"UserData": "IyEvYmluL3No"}, {"instance_type": "t3.small"}, {"InstanceType": "t3.small"}],
    ids=str,
)
def test_what_would_be_sent_must_follow_from_what_was_shown(backend, member, change):
    """Changed before the vote, so that digest and seal fit."""
    approval_id = backend.ask()
    backend.open(approval_id)
    plan = backend.approval(approval_id).plan_value()
    plan["calls"][0][member].update(change)
    text = canonical(plan)
    backend.edit(approval_id, plan=text, digest=digest_of(text))
    assert backend.decide(approval_id).status == 200
    with pytest.raises(LaunchRefused, match="does not follow from what was shown"):
        backend.launch(approval_id)
    assert backend.ec2.requests == []
    assert told(backend, approval_id)["tool_calls"][0]["status"] == "failed"
