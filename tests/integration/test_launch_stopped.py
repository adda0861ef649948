"""Between vote and launch the operator may freeze everything or take an instance type away: nothing runs then."""

import json
from dataclasses import replace

import pytest

import functions.launch_instance.handler as room
from functions.launch_instance.ec2_errors import LaunchAmbiguous
from functions.shared.aws import client
from functions.shared.errors import TemporarilyUnavailable
from tests.support.account import FREEZE, freeze
from tests.support.fake_ec2 import Lost
from tests.support.fake_model import INSTANCE
from tests.support.fake_states import client_error
from tests.support.stories import approved_request, told

FROZEN = json.dumps(
    {"frozen": True, "reason": "leaked key", "by": "Olga", "at": "2026-11-21T03:05:00Z"}
)
UNCLEAR = client_error("InternalError", "RunInstances", status=500)


@pytest.fixture
def approved(backend):
    return approved_request(backend)


def row_of(backend, approval_id):
    [row] = backend.rooms["launch_instance"].ledger.rows(approval_id).values()
    return row


def test_frozen_after_the_vote_nothing_is_sent_and_it_is_told_by_whom_and_why(backend, approved):
    freeze(FROZEN)
    assert backend.launch(approved) == {"v": 2, "status": "denied"}
    assert (row_of(backend, approved).status, row_of(backend, approved).sent) == ("denied", False)
    assert backend.ec2.requests == []
    turn = told(backend, approved)
    assert turn["tool_calls"][0]["status"] == "denied"
    sentence = 'Launches are frozen by Olga since 2026-11-21T03:05:00Z: "leaked key".'
    assert f"{sentence} Nothing was started." in turn["reply"]


def test_the_switch_is_read_anew_for_each_launch(backend):
    first = approved_request(backend)
    second = approved_request(backend)
    assert backend.launch(first)["status"] == "succeeded"
    freeze(FROZEN)
    assert backend.launch(second)["status"] == "denied"


def test_what_was_denied_while_frozen_stays_denied_when_the_switch_is_turned_back(
    backend, approved
):
    freeze(FROZEN)
    backend.launch(approved)
    freeze()
    assert backend.launch(approved)["status"] == "denied"
    assert backend.ec2.requests == []


def test_what_already_runs_keeps_its_outcome_when_frozen_later(backend, approved):
    backend.launch(approved)
    freeze(FROZEN)
    assert backend.launch(approved)["status"] == "succeeded"


@pytest.mark.parametrize(
    "value",
    ["", "false", "{}", '{"frozen":"no"}', '{"frozen":false,"frozen":true}', '{"frozen":0}', None],
    ids=str,
)
def test_a_switch_that_cannot_be_read_stops_every_launch_until_it_can(backend, approved, value):
    if value is None:
        client("ssm").delete_parameter(Name=FREEZE)
    else:
        freeze(value or " ")
    with pytest.raises(TemporarilyUnavailable):
        backend.launch(approved)
    assert backend.ec2.requests == []
    assert backend.rooms["launch_instance"].ledger.rows(approved) == {}
    freeze()
    assert backend.launch(approved)["status"] == "succeeded"


def test_frozen_after_an_unclear_answer_the_instance_is_looked_for_and_nothing_is_sent_again(
    backend, approved
):
    backend.ec2.faults = [Lost(UNCLEAR)]
    with pytest.raises(LaunchAmbiguous):
        backend.launch(approved)
    freeze(FROZEN)
    assert backend.launch(approved)["status"] == "succeeded"
    assert len(backend.ec2.requests) == 1
    assert backend.ec2.instances()[0]["InstanceId"] in told(backend, approved)["reply"]


def test_frozen_after_an_unclear_answer_that_started_nothing_stays_unclear(backend, approved):
    backend.ec2.faults = [UNCLEAR]
    with pytest.raises(LaunchAmbiguous):
        backend.launch(approved)
    freeze(FROZEN)
    for _ in range(3):
        with pytest.raises(LaunchAmbiguous):
            backend.launch(approved)
    assert len(backend.ec2.requests) == 1
    assert told(backend, approved)["tool_calls"][0]["status"] == "unknown"


def test_frozen_between_two_tries_that_aws_did_not_take_nothing_is_sent_again(backend, approved):
    backend.ec2.faults = [client_error("RequestLimitExceeded", status=503)]
    with pytest.raises(TemporarilyUnavailable):
        backend.launch(approved)
    freeze(FROZEN)
    assert backend.launch(approved)["status"] == "denied"
    assert len(backend.ec2.requests) == 1
    turn = told(backend, approved)
    assert turn["tool_calls"][0]["status"] == "denied"
    assert "Launches are frozen by" in turn["reply"]


def test_a_try_that_is_late_sends_nothing_once_another_has_ended_the_call(
    backend, approved, monkeypatch
):
    backend.ec2.faults = [client_error("RequestLimitExceeded", status=503)]
    with pytest.raises(TemporarilyUnavailable):
        backend.launch(approved)
    ledger = backend.rooms["launch_instance"].ledger
    send_again = ledger.send_again

    def after_another(approval_id, call_id):
        monkeypatch.setattr(ledger, "send_again", send_again)
        freeze(FROZEN)
        assert backend.launch(approval_id)["status"] == "denied"
        return send_again(approval_id, call_id)

    monkeypatch.setattr(ledger, "send_again", after_another)
    with pytest.raises(LaunchAmbiguous):
        backend.launch(approved)
    assert len(backend.ec2.requests) == 1
    assert backend.launch(approved)["status"] == "denied"


def test_a_type_that_the_operator_took_away_after_the_vote_is_not_launched(
    backend, approved, monkeypatch
):
    here = backend.rooms["launch_instance"]
    narrower = replace(here, settings=replace(here.settings, instance_types="t3.micro,t3.small"))
    monkeypatch.setattr(room, "deps", lambda: narrower)
    assert backend.launch(approved)["status"] == "denied"
    assert backend.ec2.requests == []
    reply = told(backend, approved)["reply"]
    assert "The operator does not allow t2.micro any more. Nothing was started." in reply


def test_a_frozen_switch_stops_every_call_of_a_request(backend):
    approval_id = approved_request(backend, INSTANCE, {**INSTANCE, "key_name": "other"})
    first, second = (call["id"] for call in backend.approval(approval_id).calls())
    backend.launch(approval_id, first)
    freeze(FROZEN)
    assert backend.launch(approval_id, second)["status"] == "denied"
    statuses = [call["status"] for call in told(backend, approval_id)["tool_calls"]]
    assert statuses == ["succeeded", "denied"]
