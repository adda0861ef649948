"""What an approver reads before an extension: whose instance it is, when its lease ends, when it would end."""

import json
from dataclasses import replace

import pytest

from functions.preflight.preflight import preflight
from functions.shared.lease import HOUR
from tests.support.fake_states import client_error
from tests.support.leases import Leases
from tests.support.preflight_desk import APPROVAL_ID, failing


class Checked:
    """What preflight finds about one extension; `x` is who asks in the desk's records."""

    def __init__(self, desk, account):
        self.desk = desk
        self.leases = Leases(account, desk.clock)
        self.launched = self.leases.launched(hours=8)
        self.instance_id = self.leases.of(self.launched).instance_id

    def find(self, *, hours=8, instance_id=""):
        call = {
            "id": "call_1",
            "function": "extend_lease",
            "operation": "extend_lease",
            "arguments": {"instance_id": instance_id or self.instance_id, "hours": hours},
            "parameters": {},
        }
        where = {"account": "123456789012", "region": "us-east-1", "target": "default"}
        plan = {"version": 2, **where, "calls": [call]}
        self.desk.store(json.dumps(plan))
        preflight(self.desk.deps, APPROVAL_ID)
        return json.loads(self.desk.row()["result"]["S"])["calls"]["call_1"]

    def facts(self, **more):
        found = self.find(**more)
        assert found["complaints"] == []
        return {fact["key"]: (fact["value"], fact["level"]) for fact in found["facts"]}

    def complaint(self, **more):
        [complaint] = self.find(**more)["complaints"]
        return complaint["code"], complaint["text"]


@pytest.fixture
def checked(desk, account):
    return Checked(desk, account)


def test_an_approver_reads_whose_it_is_and_both_ends(checked):
    facts = checked.facts(hours=8)
    assert facts["lease_ends"] == ("2026-11-21T11:00:00Z", "plain")
    assert facts["lease_would_end"] == ("2026-11-21T19:00:00Z", "plain")


def test_an_instance_of_somebody_else_is_marked(checked):
    assert checked.facts()["launched_for"] == ("Alice, who is not who asks now", "warning")


def test_an_instance_of_one_s_own_is_not(checked, monkeypatch):
    approvals = checked.desk.deps.approvals
    read = type(approvals).get

    def of_the_same_person(self, approval_id):
        approval = read(self, approval_id)
        return replace(approval, requester=checked.leases.person("alice"))

    monkeypatch.setattr(type(approvals), "get", of_the_same_person)
    assert checked.facts()["launched_for"] == ("Alice", "plain")


def test_an_unknown_instance_is_complained_of(checked):
    code, text = checked.complaint(instance_id="i-0123456789abcdef0")
    assert code == "InvalidInstanceID.NotFound"
    assert "i-0123456789abcdef0" in text


def test_an_instance_of_another_stack_is_unknown(checked):
    foreign = checked.leases.launched(tags={"countersign:stack": "Another"})
    instance_id = checked.leases.of(foreign).instance_id
    assert checked.complaint(instance_id=instance_id)[0] == "InvalidInstanceID.NotFound"


def test_a_lease_that_has_ended_is_complained_of(checked):
    checked.leases.clock.turn(8 * HOUR)
    checked.leases.step(checked.launched)
    code, text = checked.complaint()
    assert code == "LeaseNotExtendable"
    assert "has ended" in text


def test_what_ec2_does_not_tell_is_not_checked_and_no_reason_to_refuse(checked):
    checked.desk.change(describe_instances=failing(client_error("UnauthorizedOperation")))
    [(_, (value, level))] = checked.facts().items()
    assert value.startswith("instance and lease: AWS denied it")
    assert level == "warning"
