"""What an approver reads before an instance ends: whose it is, its state, what becomes of its disks."""

import json

import pytest

from functions.preflight.preflight import preflight
from functions.shared.lease import HOUR, KEPT_SECONDS
from tests.support.fake_states import client_error
from tests.support.leases import Leases
from tests.support.preflight_desk import APPROVAL_ID, answering, failing


class Checked:
    """What preflight finds about one end; `x` is who asks in the desk's records."""

    def __init__(self, desk, account):
        self.desk = desk
        self.leases = Leases(account, desk.clock)
        self.launched = self.leases.launched(hours=8)
        self.instance_id = self.leases.of(self.launched).instance_id

    def find(self, verb="stop", *, instance_id=""):
        call = {
            "id": "call_1",
            "function": f"{verb}_instances",
            "operation": f"{verb}_instances",
            "arguments": {"instance_id": instance_id or self.instance_id},
            "parameters": {},
        }
        where = {"account": "123456789012", "region": "us-east-1", "target": "default"}
        plan = {"version": 2, **where, "calls": [call]}
        self.desk.store(json.dumps(plan))
        preflight(self.desk.deps, APPROVAL_ID)
        return json.loads(self.desk.row()["result"]["S"])["calls"]["call_1"]

    def facts(self, verb="stop"):
        found = self.find(verb)
        assert found["complaints"] == []
        return {fact["key"]: (fact["value"], fact["level"]) for fact in found["facts"]}

    def complaint(self, verb="stop", **more):
        [complaint] = self.find(verb, **more)["complaints"]
        return complaint["code"], complaint["text"]

    def seen(self, **changes):
        """EC2 tells the instance with other members."""
        answer = self.leases.ec2.client.describe_instances(InstanceIds=[self.instance_id])
        [[instance]] = [part["Instances"] for part in answer["Reservations"]]
        answer = {"Reservations": [{"Instances": [{**instance, **changes}]}]}
        self.desk.change(describe_instances=answering(**answer))


@pytest.fixture
def checked(desk, account):
    return Checked(desk, account)


def test_an_approver_reads_whose_it_is_its_state_and_its_lease(checked):
    facts = checked.facts()
    assert facts["launched_for"] == ("Alice, who is not who asks now", "warning")
    assert facts["state"] == ("running", "plain")
    assert facts["lease_ends"] == ("2026-11-21T11:00:00Z", "plain")
    assert facts["disks_until"] == ("2026-11-28T03:00:00Z", "plain")


def test_disks_that_go_and_disks_that_stay_are_counted(checked):
    gone, kept = {"DeleteOnTermination": True}, {"DeleteOnTermination": False}
    checked.seen(BlockDeviceMappings=[{"Ebs": gone}, {"Ebs": gone}, {"Ebs": kept}])
    assert checked.facts("terminate")["disks"] == (
        "2 deleted with it, 1 kept, and paid for",
        "warning",
    )


@pytest.mark.parametrize("state", ["shutting-down", "terminated"])
@pytest.mark.parametrize("verb", ["stop", "terminate"])
def test_an_instance_that_is_gone_is_complained_of(checked, verb, state):
    checked.seen(State={"Name": state})
    code, text = checked.complaint(verb)
    assert code == "IncorrectInstanceState"
    assert state in text


def test_a_state_that_is_not_running_is_marked(checked):
    checked.seen(State={"Name": "stopped"})
    assert checked.facts("terminate")["state"] == ("stopped", "warning")


def test_an_unknown_instance_and_one_of_another_stack_are_complained_of(checked):
    assert checked.complaint(instance_id="i-0123456789abcdef0")[0] == "InvalidInstanceID.NotFound"


def test_an_instance_of_another_stack_is_unknown(checked):
    foreign = checked.leases.launched(tags={"countersign:stack": "Another"})
    instance_id = checked.leases.of(foreign).instance_id
    code, _ = checked.complaint("terminate", instance_id=instance_id)
    assert code == "InvalidInstanceID.NotFound"


def test_what_is_stopped_already_is_not_stopped_again(checked):
    checked.leases.clock.turn(8 * HOUR)
    checked.leases.step(checked.launched)
    code, text = checked.complaint("stop")
    assert (code, "stopped already" in text) == ("IncorrectInstanceState", True)


def test_what_is_terminated_already_is_not_terminated_again(checked):
    checked.leases.clock.turn(8 * HOUR)
    checked.leases.step(checked.launched)
    checked.leases.clock.turn(KEPT_SECONDS)
    checked.leases.step(checked.launched)
    assert "terminated already" in checked.complaint("terminate")[1]


def test_what_ec2_does_not_tell_is_not_checked_and_no_reason_to_refuse(checked):
    checked.desk.change(describe_instances=failing(client_error("UnauthorizedOperation")))
    [(_, (value, level))] = checked.facts("terminate").items()
    assert value.startswith("instance and lease: AWS denied it")
    assert level == "warning"
