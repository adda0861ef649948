"""After the launch: waited for until it runs, written down with its lease, told with what helps."""

import pytest

from functions.shared.aws import client
from tests.support.account import APPROVALS
from tests.support.clock import START
from tests.support.counted import counted
from tests.support.fake_states import client_error
from tests.support.stories import approved_request, told

PRICE = {
    "currency": "USD",
    "hourly": "0.0134",
    "monthly": "9.78",
    "lease": "0.11",
    "source": "list",
    "as_of": "2026-11-21",
}
NOT_YET = client_error("InvalidInstanceID.NotFound", "DescribeInstances")


@pytest.fixture
def approved(backend):
    return approved_request(backend)


def shown_as(backend, monkeypatch, *looks):
    """EC2 shows the new instance so, one look after the other; the last one stays."""
    waiting = list(looks)

    def describe_instances(**_):
        look = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(look, Exception):
            raise look
        state, more = look if isinstance(look, tuple) else (look, {})
        return {"Reservations": [{"Instances": [{"State": {"Name": state}, **more}]}]}

    monkeypatch.setattr(backend.ec2, "describe_instances", describe_instances)


def seconds_waited(backend):
    return (backend.clock.now - START).total_seconds()


@pytest.mark.parametrize(
    ("looks", "seconds"),
    [
        (["running"], 0),
        (["pending", "pending", "running"], 10),
        ([NOT_YET, "pending", "running"], 10),
        ([client_error("RequestLimitExceeded", status=503), "running"], 5),
    ],
    ids=["at once", "pending first", "not seen first", "throttled first"],
)
def test_a_launch_is_done_when_the_instance_runs(backend, approved, monkeypatch, looks, seconds):
    shown_as(backend, monkeypatch, *looks)
    assert backend.launch(approved)["status"] == "succeeded"
    assert seconds_waited(backend) == seconds
    assert "still starting" not in told(backend, approved)["reply"]


@pytest.mark.parametrize("look", ["pending", NOT_YET], ids=["pending", "never seen"])
def test_after_two_minutes_it_is_told_that_it_was_still_starting(
    backend, approved, monkeypatch, look
):
    shown_as(backend, monkeypatch, look)
    assert backend.launch(approved)["status"] == "succeeded"
    assert 100 < seconds_waited(backend) <= 120
    assert "It was still starting when last seen." in told(backend, approved)["reply"]


@pytest.mark.parametrize("state", ["shutting-down", "terminated", "stopping", "stopped"])
def test_an_instance_that_did_not_stay_is_no_success_and_aws_s_reason_is_told(
    backend, approved, monkeypatch, state
):
    reason = "Client.InvalidKMSKey.InvalidState: The KMS key\n\u202eis not usable" + "x" * 500
    shown_as(backend, monkeypatch, "pending", (state, {"StateReason": {"Message": reason}}))
    assert backend.launch(approved)["status"] == "failed"
    turn = told(backend, approved)
    assert turn["tool_calls"][0]["status"] == "failed"
    assert f"was started and is {state} already" in turn["reply"]
    assert (
        'AWS says: "Client.InvalidKMSKey.InvalidState: The KMS key is not usable' in turn["reply"]
    )
    assert len(turn["reply"]) < 400


@pytest.mark.parametrize(
    ("addresses", "sentence"),
    [
        (
            {"PublicIpAddress": "203.0.113.7", "PrivateIpAddress": "10.0.0.7"},
            "Its public address is 203.0.113.7; connect with ssh and the private key of kondo.",
        ),
        (
            {"PrivateIpAddress": "10.0.0.7"},
            "Its private address is 10.0.0.7; connect from inside its network with ssh and the "
            "private key of kondo.",
        ),
        ({}, "with key pair kondo in us-east-1. Its lease"),
    ],
    ids=["public", "private", "none"],
)
def test_it_is_told_how_to_connect(backend, approved, monkeypatch, addresses, sentence):
    shown_as(backend, monkeypatch, ("running", addresses))
    backend.launch(approved)
    assert sentence in told(backend, approved)["reply"]


def test_it_is_told_what_it_costs_and_when_its_lease_ends(backend):
    approval_id = backend.ask()
    backend.found(approval_id, price=PRICE)
    backend.open(approval_id)
    backend.decide(approval_id)
    backend.launch(approval_id)
    reply = told(backend, approval_id)["reply"]
    assert "It costs 0.0134 USD/h." in reply
    assert "Its lease ends at 2026-11-21 11:00 UTC." in reply


def test_the_lease_stands_on_the_row_and_is_counted_from_the_decision(
    backend, approved, monkeypatch
):
    backend.clock.turn(1800)
    shown_as(backend, monkeypatch, "pending", "running")
    backend.launch(approved)
    call_id = backend.approval(approved).calls()[0]["id"]
    key = {"pk": {"S": approved}, "sk": {"S": f"call#{call_id}"}}
    row = client("dynamodb").get_item(TableName=APPROVALS, Key=key)["Item"]
    ends_at = int(START.timestamp()) + 8 * 3600
    assert row["instance_id"]["S"] == backend.ec2.instances()[0]["InstanceId"]
    assert row["lease_state"]["S"] == "running"
    assert int(row["lease_ends_at"]["N"]) == ends_at
    assert (row["unfinished"]["S"], int(row["due_at"]["N"])) == ("lease", ends_at - 3600)
    assert row["ledger_status"]["S"] == "succeeded"


def test_the_lease_stands_on_the_row_before_anybody_waits(backend, approved, monkeypatch):
    """A crash while waiting leaves an instance that is known, and ended in time."""
    launching = backend.rooms["launch_instance"]

    def crash(**_):
        rows.update(launching.ledger.rows(approved))
        raise RuntimeError("crashed")

    rows = {}
    with monkeypatch.context() as patch:
        patch.setattr(backend.ec2, "describe_instances", crash)
        with pytest.raises(RuntimeError):
            backend.launch(approved)
    [row] = rows.values()
    assert row.instance_id == backend.ec2.instances()[0]["InstanceId"]
    assert launching.leases.get(approved, row.call_id) is not None


def test_a_wait_that_crashed_is_taken_up_again_without_a_second_request(
    backend, approved, monkeypatch
):
    def crash(**_):
        raise RuntimeError("crashed")

    with monkeypatch.context() as patch:
        patch.setattr(backend.ec2, "describe_instances", crash)
        with pytest.raises(RuntimeError):
            backend.launch(approved)
    assert backend.launch(approved)["status"] == "succeeded"
    assert len(backend.ec2.requests) == 1


def test_each_launch_is_counted_once(backend, approved, capsys):
    backend.launch(approved)
    backend.launch(approved)
    assert counted(capsys).count("InstancesLaunched") == 1
