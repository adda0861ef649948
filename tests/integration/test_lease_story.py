"""From a launch to the end of its lease, over an extension and a freeze, room by room as AWS calls them."""

import pytest

import functions.end_lease.handler
from functions.request_approval.open_approval import NobodyToAsk
from functions.shared.lease import HOUR
from tests.support.account import freeze
from tests.support.backend import LEASE_HOURS
from tests.support.fake_model import call, calls
from tests.support.gateway import LambdaContext
from tests.support.leases import Leases

FROZEN = '{"frozen":true,"reason":"audit","by":"Olga","at":"2026-11-21T03:00:00Z"}'


def carried_out(backend, approval_id):
    """What the workflow does after an approval, to its end."""
    backend.decide(approval_id)
    for call_id in backend.settle(approval_id)["approved_calls"]:
        backend.launch(approval_id, call_id)
    backend.record(approval_id)
    return next(iter(backend.approval(approval_id).outcomes.values()))


def launched(backend):
    approval_id = backend.ask()
    backend.open(approval_id)
    assert carried_out(backend, approval_id).status == "succeeded"
    [instance] = backend.ec2.instances()
    return approval_id, instance["InstanceId"]


def extension_asked(backend, instance_id, hours=8):
    backend.model.says(
        calls(call({"instance_id": instance_id, "hours": hours}, name="extend_lease"))
    )
    answer = backend.chat(f"let {instance_id} run {hours} hours longer, please")
    assert answer.status == 200, answer.text
    assert f"Instance: {instance_id}" in answer.json["reply"]
    return answer.json["approval"]["id"]


def minute(backend):
    """One minute's sweep, and what it hands to the end of leases."""
    backend.clock.turn(60)
    backend.invoked.clear()
    backend.sweep()
    for name, payload in backend.invoked:
        if name == "end_lease":
            functions.end_lease.handler.handler(payload, LambdaContext(120_000))


def state(backend):
    [instance] = backend.ec2.instances()
    return instance["State"]["Name"]


def test_what_was_launched_ends_with_its_lease_and_people_are_told(backend, account):
    approval_id, instance_id = launched(backend)
    account.mails_of_all()
    backend.clock.turn((LEASE_HOURS - 1) * HOUR)
    minute(backend)
    told = account.mails_of_all()
    assert set(told) == {"alice@example.com", "bob@example.com", "carol@example.com"}
    assert all(instance_id in mail["text"] for mails in told.values() for mail in mails)
    assert state(backend) == "running"
    backend.clock.turn(HOUR)
    minute(backend)
    assert state(backend) == "stopped"
    backend.clock.turn(7 * 24 * HOUR)
    minute(backend)
    assert state(backend) == "terminated"
    events = Leases(account).events(backend.approval(approval_id))
    assert events[-3:] == ["lease_warned", "lease_stopped", "lease_terminated"]
    minute(backend)
    assert [name for name, _ in backend.invoked if name == "end_lease"] == []


def test_an_extension_is_countersigned_like_a_launch_and_keeps_the_instance(backend, account):
    launching, instance_id = launched(backend)
    backend.clock.turn((LEASE_HOURS - 1) * HOUR)
    extending = extension_asked(backend, instance_id)
    backend.open(extending)
    assert backend.decide(extending, by="alice").status == 403
    outcome = carried_out(backend, extending)
    assert outcome.status == "succeeded"
    assert instance_id in outcome.text
    assert len(backend.ec2.requests) == 1
    backend.clock.turn(2 * HOUR)
    minute(backend)
    assert state(backend) == "running"
    backend.clock.turn(6 * HOUR)
    minute(backend)
    backend.clock.turn(HOUR)
    minute(backend)
    assert state(backend) == "stopped"
    events = Leases(account).events(backend.approval(launching))
    assert events[-3:] == ["lease_extended", "lease_warned", "lease_stopped"]


def test_a_rejected_extension_extends_nothing(backend):
    _, instance_id = launched(backend)
    extending = extension_asked(backend, instance_id)
    backend.open(extending)
    backend.decide(extending, "reject")
    assert backend.settle(extending)["approved_calls"] == []
    backend.clock.turn(LEASE_HOURS * HOUR)
    minute(backend)
    assert state(backend) == "stopped"


def test_an_extension_of_something_unknown_asks_nobody(backend, account):
    extending = extension_asked(backend, "i-0123456789abcdef0")
    account.mails_of_all()
    backend.preflight(extending)
    backend.rehearse(extending)
    with pytest.raises(NobodyToAsk):
        backend.request(extending)
    assert backend.approval(extending).status == "denied"
    assert "i-0123456789abcdef0" in backend.approval(extending).ended_by
    assert account.mails_of_all() == {}


def test_frozen_what_was_approved_is_denied_and_says_by_whom_and_leases_go_on_ending(backend):
    _, instance_id = launched(backend)
    extending = extension_asked(backend, instance_id)
    backend.open(extending)
    another = backend.ask()
    backend.open(another)
    freeze(FROZEN)
    for approval_id in (extending, another):
        outcome = carried_out(backend, approval_id)
        assert outcome.status == "denied"
        assert 'frozen by Olga since 2026-11-21T03:00:00Z: "audit".' in outcome.text
    assert len(backend.ec2.requests) == 1
    backend.clock.turn(LEASE_HOURS * HOUR)
    minute(backend)
    assert state(backend) == "stopped"
