"""What the state LaunchInstance makes of EC2's errors: the same bytes again, or the truth."""

import json
from dataclasses import replace

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

import functions.launch_instance.handler as room
from functions.launch_instance.ec2_errors import LaunchAmbiguous, NoCapacity
from functions.shared.errors import TemporarilyUnavailable
from tests.support.counted import counted
from tests.support.fake_ec2 import Lost
from tests.support.fake_states import client_error
from tests.support.stories import approved_request, told


@pytest.fixture
def approved(backend):
    return approved_request(backend)


AMBIGUOUS = [
    client_error("InternalError", "RunInstances", status=500),
    client_error("500", "RunInstances", status=500),
    ReadTimeoutError(endpoint_url="https://ec2"),
    ConnectTimeoutError(endpoint_url="https://ec2"),
]
CAPACITY = client_error("InsufficientInstanceCapacity", "RunInstances", status=500)


@pytest.mark.parametrize(
    "code",
    [
        "InvalidAMIID.NotFound",
        "InvalidKeyPair.NotFound",
        "UnauthorizedOperation",
        "VPCIdNotSpecified",
        "SomethingNew",
    ],
)
def test_ec2_25_an_error_of_aws_is_told_and_nothing_is_marked_launched(backend, approved, code):
    secret = "You are not authorized. Encoded authorization failure message: canary"
    message = secret if code == "UnauthorizedOperation" else "No."
    backend.ec2.faults = [client_error(code, "RunInstances", message=message)]
    assert backend.launch(approved) == {"v": 2, "status": "failed"}
    assert backend.launch(approved) == {"v": 2, "status": "failed"}
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


@pytest.mark.parametrize("error", AMBIGUOUS[:2], ids=["InternalError", "500"])
def test_an_unclear_answer_with_an_instance_is_reconciled_by_the_retry(backend, approved, error):
    backend.ec2.faults = [Lost(error)]
    with pytest.raises(LaunchAmbiguous):
        backend.launch(approved)
    assert backend.launch(approved)["status"] == "succeeded"
    [instance] = backend.ec2.instances()
    assert instance["InstanceId"] in told(backend, approved)["reply"]
    assert len({json.dumps(request) for request in backend.ec2.requests}) == 1


@pytest.mark.parametrize("error", AMBIGUOUS[2:], ids=lambda error: type(error).__name__)
def test_no_answer_with_an_instance_is_reconciled_at_once(backend, approved, error):
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
        patch.setattr(ledger, "launched", lambda *_: None)
        patch.setattr(ledger, "end", lambda *_, **__: None)
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


@pytest.mark.parametrize("ran_before", [False, True], ids=["alone", "after an unclear answer"])
def test_a_token_that_aws_knows_with_other_parameters_is_unknown_and_stays_so(
    backend, approved, capsys, ran_before
):
    backend.ec2.faults = [client_error("IdempotentParameterMismatch", "RunInstances")]
    if ran_before:
        backend.ec2.faults.insert(0, Lost(AMBIGUOUS[0]))
        with pytest.raises(LaunchAmbiguous):
            backend.launch(approved)
    for _ in range(2):
        assert backend.launch(approved) == {"v": 2, "status": "unknown"}
    assert len({request["ClientToken"] for request in backend.ec2.requests}) == 1
    assert "an operator must look" in told(backend, approved)["reply"]
    assert "OutcomesUnknown" in counted(capsys)


def test_missing_capacity_is_tried_three_times_byte_for_byte_and_then_told(backend, approved):
    backend.ec2.faults = [CAPACITY] * 4
    for _ in range(2):
        with pytest.raises(NoCapacity):
            backend.launch(approved)
        backend.clock.turn(30)
    assert backend.launch(approved)["status"] == "failed"
    assert backend.launch(approved)["status"] == "failed"
    assert len(backend.ec2.requests) == 3
    assert len({json.dumps(request) for request in backend.ec2.requests}) == 1
    assert "no capacity for this instance type right now" in told(backend, approved)["reply"]


def test_capacity_that_comes_back_is_used(backend, approved):
    backend.ec2.faults = [CAPACITY]
    with pytest.raises(NoCapacity):
        backend.launch(approved)
    assert backend.launch(approved)["status"] == "succeeded"
    assert len(backend.ec2.instances()) == 1


def test_missing_capacity_after_an_unclear_answer_does_not_hide_the_instance(backend, approved):
    backend.ec2.faults = [Lost(AMBIGUOUS[0]), CAPACITY]
    with pytest.raises(LaunchAmbiguous):
        backend.launch(approved)
    assert backend.launch(approved)["status"] == "succeeded"
    assert len(backend.ec2.instances()) == 1


def test_what_aws_throttles_for_ever_failed_and_is_not_unknown(backend, approved):
    backend.ec2.faults = [client_error("RequestLimitExceeded", status=503)] * 6
    for _ in range(6):
        with pytest.raises(TemporarilyUnavailable):
            backend.launch(approved)
    turn = told(backend, approved)
    assert turn["tool_calls"][0]["status"] == "failed"
    assert "AWS did not take the launch" in turn["reply"]
    assert "nothing was started" in turn["reply"]


def test_what_is_throttled_after_an_unclear_answer_stays_unknown(backend, approved):
    backend.ec2.faults = [AMBIGUOUS[0], *[client_error("RequestLimitExceeded", status=503)] * 5]
    for _ in range(6):
        with pytest.raises((LaunchAmbiguous, TemporarilyUnavailable)):
            backend.launch(approved)
    assert told(backend, approved)["tool_calls"][0]["status"] == "unknown"


def test_a_launch_role_that_cannot_be_assumed_is_tried_again(backend, approved, monkeypatch):
    def refuse(_):
        raise client_error("AccessDenied", "AssumeRole")

    denied = replace(backend.rooms["launch_instance"], ec2_for=refuse)
    with monkeypatch.context() as patch:
        patch.setattr(room, "deps", lambda: denied)
        with pytest.raises(TemporarilyUnavailable):
            backend.launch(approved)
    assert backend.launch(approved)["status"] == "succeeded"


def test_a_launch_role_that_can_never_be_assumed_failed_and_is_not_unknown(
    backend, approved, monkeypatch
):
    def refuse(_):
        raise client_error("AccessDenied", "AssumeRole")

    denied = replace(backend.rooms["launch_instance"], ec2_for=refuse)
    monkeypatch.setattr(room, "deps", lambda: denied)
    for _ in range(6):
        with pytest.raises(TemporarilyUnavailable):
            backend.launch(approved)
    turn = told(backend, approved)
    assert turn["tool_calls"][0]["status"] == "failed"
    assert "nothing was started" in turn["reply"]
