"""The state LaunchInstance: what was approved, exactly that, once; or nothing and the truth."""

import json
from dataclasses import replace
from urllib.parse import quote_plus

import pytest

import functions.launch_instance.handler as room
from functions.launch_instance.launch_role import Session, under_launch_role
from functions.shared.aws import client
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.targets import Target, Targets
from tests.support.account import ACCOUNT_ID, LAUNCH_ROLE, TARGETS
from tests.support.stories import approved_request, told
from tests.support.wire import watched

POLICY = '{"Version":"2012-10-17","Statement":[]}'


@pytest.fixture
def approved(backend):
    return approved_request(backend)


def test_ec2_20_the_request_holds_the_three_values_one_instance_token_and_tags(backend, approved):
    assert backend.launch(approved) == {"v": 2, "status": "succeeded"}
    [request] = backend.ec2.requests
    token = request.pop("ClientToken")
    assert len(token) == 64
    assert int(token, 16)
    tags = [
        {"Key": "countersign:approval", "Value": approved},
        {"Key": "countersign:approver", "Value": "carol@example.com"},
        {"Key": "countersign:call", "Value": backend.approval(approved).calls()[0]["id"]},
        {"Key": "countersign:lease-ends", "Value": "2026-11-21T11:00:00Z"},
        {"Key": "countersign:requester", "Value": "alice@example.com"},
        {"Key": "countersign:stack", "Value": "Countersign"},
    ]
    assert request == {
        "ImageId": "ami-012261b9035f8f938",
        "InstanceType": "t2.micro",
        "KeyName": "kondo",
        "MinCount": 1,
        "MaxCount": 1,
        "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"},
        "TagSpecifications": [
            {"ResourceType": "instance", "Tags": tags},
            {"ResourceType": "volume", "Tags": tags},
        ],
    }


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_ec2_21_the_client_is_the_launch_roles_in_the_targets_region(account, region):
    target = Target(name="here", account=ACCOUNT_ID, region=region, launch_role=LAUNCH_ROLE)
    with watched(client("sts")) as wire:
        ec2 = under_launch_role("ec2", client("sts"), Session(target, "a" * 26, POLICY))
    assert wire.operations() == ["sts.AssumeRole"]
    sent = wire.requests[0][1].decode()
    assert f"SourceIdentity={'a' * 26}" in sent
    assert f"RoleSessionName={'a' * 26}" in sent
    assert f"Policy={quote_plus(POLICY)}" in sent
    assert "ExternalId" not in sent
    assert ec2.meta.region_name == region
    assert ec2.meta.endpoint_url == f"https://ec2.{region}.amazonaws.com"
    assert ec2.meta.config.retries["total_max_attempts"] == 1
    with watched(ec2) as wire:
        ec2.describe_instances()
    assert wire.operations() == ["ec2.DescribeInstances"]


def test_ec2_20_on_the_wire_it_is_one_run_instances(backend, approved):
    here = Targets.parsed(TARGETS).first
    ec2 = under_launch_role("ec2", client("sts"), Session(here, approved, POLICY))
    backend.ec2.client = ec2
    with watched(ec2) as wire:
        backend.launch(approved)
    assert wire.operations() == ["ec2.RunInstances", "ec2.DescribeInstances"]
    body = wire.requests[0][1].decode()
    for part in ("ImageId=ami-012261b9035f8f938", "MinCount=1", "MaxCount=1", "KeyName=kondo"):
        assert part in body
    assert "MetadataOptions.HttpTokens=required" in body
    assert "DryRun" not in body
    assert "UserData" not in body


def test_ec2_22_the_instance_id_reaches_the_conversation(backend, approved):
    backend.launch(approved)
    [instance] = backend.ec2.instances()
    turn = told(backend, approved)
    assert turn["reply"].startswith(
        f"Started instance {instance['InstanceId']}: t2.micro from ami-012261b9035f8f938 "
        "with key pair kondo in us-east-1."
    )
    assert turn["tool_calls"][0]["status"] == "succeeded"


def test_ec2_23_redelivered_it_launches_once_and_answers_the_same(backend, approved):
    for _ in range(3):
        assert backend.launch(approved) == {"v": 2, "status": "succeeded"}
    assert len(backend.ec2.requests) == 1
    assert len(backend.ec2.instances()) == 1


def test_ec2_23_a_crash_between_ec2s_answer_and_our_note_launches_once(
    backend, approved, monkeypatch
):
    crash_at("launched", backend, approved, monkeypatch)
    assert backend.launch(approved)["status"] == "succeeded"
    first, second = backend.ec2.requests
    assert json.dumps(first) == json.dumps(second)
    assert len(backend.ec2.instances()) == 1


def test_after_a_crash_behind_the_note_nothing_is_sent_again(backend, approved, monkeypatch):
    crash_at("end", backend, approved, monkeypatch)
    backend.clock.turn(60)
    assert backend.launch(approved)["status"] == "succeeded"
    assert len(backend.ec2.requests) == 1
    [instance] = backend.ec2.instances()
    assert instance["InstanceId"] in told(backend, approved)["reply"]


def crash_at(step, backend, approval_id, monkeypatch):
    def crash(*_, **__):
        raise RuntimeError("crashed")

    with monkeypatch.context() as patch:
        patch.setattr(backend.rooms["launch_instance"].ledger, step, crash)
        with pytest.raises(RuntimeError):
            backend.launch(approval_id)


def test_ec2_23_two_at_once_launch_once(backend, approved, monkeypatch):
    ledger = backend.rooms["launch_instance"].ledger
    begin = ledger.begin

    def begin_after_the_other(*arguments, **more):
        monkeypatch.setattr(ledger, "begin", begin)
        row = begin(*arguments, **more)
        assert backend.launch(approved)["status"] == "succeeded"
        return row

    monkeypatch.setattr(ledger, "begin", begin_after_the_other)
    assert backend.launch(approved)["status"] == "succeeded"
    assert len(backend.ec2.instances()) == 1
    assert len({request["ClientToken"] for request in backend.ec2.requests}) == 1


def test_a_row_stands_before_ec2_is_asked(backend, approved, monkeypatch):
    seen = []

    class Looking:
        def run_instances(self, **request):
            seen.append(backend.rooms["record_outcome"].ledger.rows(approved))
            return backend.ec2.run_instances(**request)

        def describe_instances(self, **request):
            return backend.ec2.describe_instances(**request)

    looking = replace(backend.rooms["launch_instance"], ec2_for=lambda _: Looking())
    monkeypatch.setattr(room, "deps", lambda: looking)
    backend.launch(approved)
    [rows] = seen
    [row] = rows.values()
    assert (row.status, len(row.client_token)) == ("launching", 64)


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "None"])
def test_a_busy_table_is_tried_again_and_not_taken_for_a_closed_record(
    backend, approved, monkeypatch, code
):
    ledger = backend.rooms["launch_instance"].ledger
    dynamodb = ledger._client
    busy = dynamodb.exceptions.TransactionCanceledException(
        {
            "Error": {"Code": "TransactionCanceledException", "Message": ""},
            "CancellationReasons": [{"Code": code}, {"Code": "None"}],
        },
        "TransactWriteItems",
    )

    def fail(**_):
        raise busy

    with monkeypatch.context() as patch:
        patch.setattr(dynamodb, "transact_write_items", fail)
        with pytest.raises(TemporarilyUnavailable):
            backend.launch(approved)
    assert backend.launch(approved)["status"] == "succeeded"


def test_the_workflow_learns_a_state_and_nothing_else(backend, approved, capsys):
    answer = backend.launch(approved)
    assert set(answer) == {"v", "status"}
    assert ACCOUNT_ID not in json.dumps(answer)
