"""The state LaunchInstance: what was approved, exactly that, once; or nothing and the truth."""

import json

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

import functions.launch_instance.handler as room
from functions.launch_instance.ec2_errors import LaunchAmbiguous
from functions.launch_instance.launch import LaunchRefused
from functions.launch_instance.launch_role import ec2_under_launch_role
from functions.shared.aws import client
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.plan import canonical, digest_of
from tests.support.account import ACCOUNT_ID, LAUNCH_ROLE
from tests.support.fake_ec2 import Lost
from tests.support.fake_model import INSTANCE
from tests.support.fake_states import client_error
from tests.support.gateway import LambdaContext
from tests.support.wire import watched


@pytest.fixture
def approved(backend):
    approval_id = backend.ask()
    backend.open(approval_id)
    assert backend.decide(approval_id).status == 200
    return approval_id


def told(backend, approval_id):
    backend.record(approval_id)
    [turn] = backend.turns(backend.approval(approval_id).conversation_id)
    return turn


def test_ec2_20_the_request_holds_the_three_values_one_instance_token_and_tags(backend, approved):
    assert backend.launch(approved) == {"v": 1, "status": "succeeded"}
    [request] = backend.ec2.requests
    token = request.pop("ClientToken")
    assert len(token) == 64
    assert int(token, 16)
    tags = [
        {"Key": "countersign:approval", "Value": approved},
        {"Key": "countersign:approver", "Value": "carol@example.com"},
        {"Key": "countersign:requester", "Value": "alice@example.com"},
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
    with watched(client("sts")) as wire:
        ec2 = ec2_under_launch_role(client("sts"), LAUNCH_ROLE, region, "a" * 26)
    assert wire.operations() == ["sts.AssumeRole"]
    sent = wire.requests[0][1].decode()
    assert f"SourceIdentity={'a' * 26}" in sent
    assert f"RoleSessionName={'a' * 26}" in sent
    assert ec2.meta.region_name == region
    assert ec2.meta.endpoint_url == f"https://ec2.{region}.amazonaws.com"
    assert ec2.meta.config.retries["total_max_attempts"] == 1
    with watched(ec2) as wire:
        ec2.describe_instances()
    assert wire.operations() == ["ec2.DescribeInstances"]


def test_ec2_20_on_the_wire_it_is_one_run_instances(backend, approved):
    ec2 = ec2_under_launch_role(client("sts"), LAUNCH_ROLE, "us-east-1", approved)
    backend.ec2.client = ec2
    with watched(ec2) as wire:
        backend.launch(approved)
    assert wire.operations() == ["ec2.RunInstances"]
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
    assert turn["reply"] == (
        f"Started instance {instance['InstanceId']}: t2.micro from ami-012261b9035f8f938 "
        "with key pair kondo in us-east-1."
    )
    assert turn["tool_calls"][0]["status"] == "succeeded"


def test_ec2_23_redelivered_it_launches_once_and_answers_the_same(backend, approved):
    for _ in range(3):
        assert backend.launch(approved) == {"v": 1, "status": "succeeded"}
    assert len(backend.ec2.requests) == 1
    assert len(backend.ec2.instances()) == 1


def test_ec2_23_a_crash_between_ec2s_answer_and_our_note_launches_once(
    backend, approved, monkeypatch
):
    ledger = backend.rooms["launch_instance"].ledger

    def crash(*_):
        raise RuntimeError("crashed")

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "end", crash)
        with pytest.raises(RuntimeError):
            backend.launch(approved)
    assert backend.launch(approved)["status"] == "succeeded"
    first, second = backend.ec2.requests
    assert first == second
    assert len(backend.ec2.instances()) == 1


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


def test_a_row_stands_before_ec2_is_asked(backend, approved):
    seen = []

    class Looking:
        def run_instances(self, **request):
            seen.append(backend.rooms["record_outcome"].ledger.rows(approved))
            return backend.ec2.run_instances(**request)

    from dataclasses import replace

    looking = replace(backend.rooms["launch_instance"], ec2_for=lambda _: Looking())
    room_deps = room.deps
    room.deps = lambda: looking
    try:
        backend.launch(approved)
    finally:
        room.deps = room_deps
    [rows] = seen
    [row] = rows.values()
    assert (row.status, len(row.client_token)) == ("launching", 64)


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
        "v": 1,
        "approval_id": approved,
        "digest": approval.digest,
        "call_id": approval.calls()[0]["id"],
    }
    with pytest.raises(LaunchRefused):
        room.handler({**event, **change}, LambdaContext())
    assert backend.ec2.requests == []


@pytest.mark.parametrize("version", [0, 2, "1", None])
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
    ("setting", "value"),
    [("account_id", "210987654321"), ("region", "eu-west-1"), ("target", "other")],
)
def test_a_plan_for_another_target_runs_nothing(backend, approved, monkeypatch, setting, value):
    from dataclasses import replace

    here = backend.rooms["launch_instance"]
    elsewhere = replace(here, settings=replace(here.settings, **{setting: value}))
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


@pytest.mark.parametrize(
    "code",
    [
        "InvalidAMIID.NotFound",
        "InvalidKeyPair.NotFound",
        "UnauthorizedOperation",
        "InsufficientInstanceCapacity",
    ],
)
def test_ec2_25_an_error_of_aws_is_told_and_nothing_is_marked_launched(backend, approved, code):
    status = 500 if code.startswith("Insufficient") else 400
    secret = "Encoded authorization failure message: canary"
    backend.ec2.faults = [client_error(code, "RunInstances", status=status, message=secret)]
    assert backend.launch(approved) == {"v": 1, "status": "failed"}
    assert backend.launch(approved) == {"v": 1, "status": "failed"}
    assert len(backend.ec2.requests) == 1
    turn = told(backend, approved)
    assert f"({code}). Nothing was started." in turn["reply"]
    assert "canary" not in turn["reply"]
    assert turn["tool_calls"][0]["status"] == "failed"
    assert backend.ec2.instances() == []


@pytest.mark.parametrize("code", ["RequestLimitExceeded", "Throttling", "ServiceUnavailable"])
def test_what_ec2_did_not_take_is_sent_again_unchanged(backend, approved, code):
    backend.ec2.faults = [client_error(code, "RunInstances", status=503)]
    with pytest.raises(TemporarilyUnavailable):
        backend.launch(approved)
    assert backend.launch(approved)["status"] == "succeeded"
    first, second = backend.ec2.requests
    assert first == second


AMBIGUOUS = [
    client_error("InternalError", "RunInstances", status=500),
    client_error("500", "RunInstances", status=500),
    ReadTimeoutError(endpoint_url="https://ec2"),
    ConnectTimeoutError(endpoint_url="https://ec2"),
]


@pytest.mark.parametrize("error", AMBIGUOUS, ids=lambda error: type(error).__name__)
def test_an_unclear_answer_without_an_instance_is_retried_with_the_same_token(
    backend, approved, error
):
    backend.ec2.faults = [error, error]
    for _ in range(2):
        with pytest.raises(LaunchAmbiguous):
            backend.launch(approved)
    assert backend.launch(approved)["status"] == "succeeded"
    assert len({json.dumps(request) for request in backend.ec2.requests}) == 1
    assert len(backend.ec2.instances()) == 1


@pytest.mark.parametrize("error", AMBIGUOUS, ids=lambda error: type(error).__name__)
def test_an_unclear_answer_with_an_instance_is_reconciled(backend, approved, error):
    backend.ec2.faults = [Lost(error)]
    assert backend.launch(approved)["status"] == "succeeded"
    [instance] = backend.ec2.instances()
    assert instance["InstanceId"] in told(backend, approved)["reply"]
    assert len(backend.ec2.requests) == 1


def test_an_instance_that_cannot_be_seen_yet_is_found_by_the_retry(backend, approved, monkeypatch):
    def fail(**_):
        raise client_error("RequestLimitExceeded", "DescribeInstances", status=503)

    backend.ec2.faults = [Lost(AMBIGUOUS[0])]
    with monkeypatch.context() as patch:
        patch.setattr(backend.ec2, "describe_instances", fail, raising=False)
        with pytest.raises(LaunchAmbiguous):
            backend.launch(approved)
    assert backend.launch(approved)["status"] == "succeeded"
    assert len(backend.ec2.instances()) == 1


@pytest.mark.parametrize("code", ["InvalidAMIID.NotFound", "UnauthorizedOperation"])
def test_a_refusal_of_the_retry_does_not_hide_what_the_first_request_started(
    backend, approved, monkeypatch, code
):
    ledger = backend.rooms["launch_instance"].ledger
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "end", lambda *_: None)
        backend.launch(approved)
    backend.ec2.faults = [client_error(code)]
    assert backend.launch(approved)["status"] == "succeeded"
    [instance] = backend.ec2.instances()
    assert instance["InstanceId"] in told(backend, approved)["reply"]


def test_a_refusal_of_the_retry_is_final_when_nothing_was_started(backend, approved):
    backend.ec2.faults = [AMBIGUOUS[0], client_error("InvalidAMIID.NotFound")]
    with pytest.raises(LaunchAmbiguous):
        backend.launch(approved)
    assert backend.launch(approved)["status"] == "failed"
    assert backend.ec2.instances() == []


def test_another_instance_is_never_taken_for_ours(backend, approved, monkeypatch):
    others = {"Reservations": [{"Instances": [{"InstanceId": "i-other", "ClientToken": "x"}]}]}
    monkeypatch.setattr(backend.ec2, "describe_instances", lambda **_: others, raising=False)
    backend.ec2.faults = [AMBIGUOUS[0]]
    with pytest.raises(LaunchAmbiguous):
        backend.launch(approved)


def test_a_token_that_aws_knows_with_other_parameters_is_unknown_and_stays_so(backend, approved):
    backend.ec2.faults = [client_error("IdempotentParameterMismatch", "RunInstances")]
    assert backend.launch(approved) == {"v": 1, "status": "unknown"}
    assert "an operator must look" in told(backend, approved)["reply"]


def test_a_launch_role_that_cannot_be_assumed_is_tried_again(backend, approved, monkeypatch):
    from dataclasses import replace

    def refuse(_):
        raise client_error("AccessDenied", "AssumeRole")

    denied = replace(backend.rooms["launch_instance"], ec2_for=refuse)
    with monkeypatch.context() as patch:
        patch.setattr(room, "deps", lambda: denied)
        with pytest.raises(TemporarilyUnavailable):
            backend.launch(approved)
    assert backend.launch(approved)["status"] == "succeeded"


def test_the_workflow_learns_a_state_and_nothing_else(backend, approved, capsys):
    answer = backend.launch(approved)
    assert set(answer) == {"v", "status"}
    assert ACCOUNT_ID not in json.dumps(answer)


def test_arguments_that_an_older_release_let_through_are_checked_again(
    backend, approved, monkeypatch
):
    plan = backend.approval(approved).plan_value()
    plan["calls"][0]["arguments"]["UserData"] = "IyEvYmluL3No"
    text = canonical(plan)
    digest = digest_of(text)
    backend.edit(approved, plan=text, digest=digest)
    client("dynamodb").update_item(
        TableName="approvals",
        Key={"pk": {"S": approved}, "sk": {"S": "approval"}},
        UpdateExpression="SET decision.digest = :d",
        ExpressionAttributeValues={":d": {"S": digest}},
    )
    from functions.shared.run_instances import BadArguments

    with pytest.raises(BadArguments, match="UserData"):
        backend.launch(approved)
    assert backend.ec2.requests == []
