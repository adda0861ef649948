"""The key of decisions: replaced, disabled, denied, away; whatever cannot be sealed or checked is not done."""

from dataclasses import replace

import pytest
from botocore.exceptions import EndpointConnectionError

import functions.decide_approval.handler as deciding
import functions.launch_instance.handler as launching
from functions.shared.approval import Status
from functions.shared.approved_call import LaunchRefused
from functions.shared.aws import client
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.seal import SealCheck, Sealer
from tests.support.fake_states import client_error

TROUBLE = {
    "disabled": client_error("DisabledException"),
    "denied": client_error("AccessDeniedException"),
    "waits for its deletion": client_error("KMSInvalidStateException"),
    "busy": client_error("ThrottlingException"),
    "away": EndpointConnectionError(endpoint_url="https://kms.example.com"),
}


@pytest.fixture
def approved(backend):
    """An approval that was decided with the key of today."""
    approval_id = backend.ask()
    backend.open(approval_id)
    assert backend.decide(approval_id).status == 200
    return approval_id


def another_key():
    made = client("kms").create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    return made["KeyMetadata"]["Arn"]


def trusts(monkeypatch, backend, *keys):
    """The launch function's list of keys, the current one first."""
    changed = replace(launching.deps(), seals=SealCheck(client("kms"), keys))
    monkeypatch.setattr(launching, "deps", lambda: changed)


class Broken:
    """KMS in trouble."""

    def __init__(self, error):
        self._error = error
        self.exceptions = client("kms").exceptions

    def generate_mac(self, **_):
        raise self._error

    verify_mac = generate_mac


def test_a12_h15_a_replaced_key_verifies_while_it_is_trusted(monkeypatch, backend, approved):
    trusts(monkeypatch, backend, another_key(), backend.account.seal_key)
    backend.launch(approved)
    assert len(backend.ec2.instances()) == 1


def test_a12_a_key_that_is_not_trusted_any_more_launches_nothing(monkeypatch, backend, approved):
    trusts(monkeypatch, backend, another_key())
    with pytest.raises(LaunchRefused):
        backend.launch(approved)
    assert backend.ec2.requests == []


def test_h15_what_was_opened_before_the_key_was_replaced_is_decided_and_launched(
    monkeypatch, backend
):
    approval_id = backend.ask()
    backend.open(approval_id)
    new = another_key()
    changed = replace(deciding.deps(), sealer=Sealer(client("kms"), new))
    monkeypatch.setattr(deciding, "deps", lambda: changed)
    trusts(monkeypatch, backend, new, backend.account.seal_key)
    assert backend.decide(approval_id).status == 200
    assert backend.approval(approval_id).decision.seal.key == new
    backend.launch(approval_id)
    assert len(backend.ec2.instances()) == 1


@pytest.mark.parametrize("trouble", TROUBLE)
def test_h16_a_decision_that_cannot_be_sealed_is_not_taken_and_can_be_taken_later(
    monkeypatch, backend, trouble
):
    approval_id = backend.ask()
    backend.open(approval_id)
    before = backend.approval(approval_id)
    with monkeypatch.context() as patch:
        changed = replace(deciding.deps(), sealer=Sealer(Broken(TROUBLE[trouble]), "key"))
        patch.setattr(deciding, "deps", lambda: changed)
        answer = backend.decide(approval_id)
    assert (answer.status, answer.json["code"]) == (503, "not_sealed")
    assert answer.headers["retry-after"]
    assert backend.approval(approval_id) == before
    assert backend.states.answered == []
    assert backend.decide(approval_id).status == 200


@pytest.mark.parametrize("trouble", TROUBLE)
def test_h16_a_seal_that_cannot_be_checked_launches_nothing_until_it_can(
    monkeypatch, backend, approved, trouble
):
    with monkeypatch.context() as patch:
        seals = SealCheck(Broken(TROUBLE[trouble]), [backend.account.seal_key])
        changed = replace(launching.deps(), seals=seals)
        patch.setattr(launching, "deps", lambda: changed)
        with pytest.raises(TemporarilyUnavailable):
            backend.launch(approved)
    assert backend.ec2.requests == []
    assert backend.approval(approved).status is Status.APPROVED
    backend.launch(approved)
    assert len(backend.ec2.instances()) == 1


def test_h6_a_start_whose_answer_was_lost_is_no_second_execution(backend):
    start = backend.states.start_execution

    def lost(**request):
        start(**request)
        raise client_error("InternalFailure", "StartExecution", status=500)

    backend.states.start_execution = lost
    approval_id = backend.ask()
    backend.states.start_execution = start
    first = dict(backend.states.executions)
    backend.continue_turn({"v": 2, "command": "start", "approval_ids": [approval_id]})
    assert backend.states.executions == first
    assert list(first) == [approval_id]
