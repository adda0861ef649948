"""The state Rehearse: the launch as it would be sent, with DryRun, and what AWS said about it."""

from dataclasses import replace

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

import functions.launch_instance.handler as room
from functions.launch_instance.rehearse import RehearsalLaunched
from functions.request_approval.open_approval import NobodyToAsk
from functions.shared.approved_call import client_token
from functions.shared.aws import client
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.findings import REHEARSAL, Findings
from tests.support.account import ACCOUNT_ID, APPROVALS, REGION
from tests.support.fake_model import INSTANCE, call, calls
from tests.support.fake_states import client_error
from tests.support.gateway import LambdaContext
from tests.support.stories import opened_request

REQUEST_OF_A_LAUNCH = {
    "ImageId",
    "InstanceType",
    "KeyName",
    "MinCount",
    "MaxCount",
    "MetadataOptions",
    "ClientToken",
    "TagSpecifications",
}


def rehearsal(approval_id):
    return Findings(client("dynamodb"), APPROVALS).read(approval_id, REHEARSAL)


def tags(request):
    first, second = request["TagSpecifications"]
    assert (first["ResourceType"], second["ResourceType"]) == ("instance", "volume")
    assert first["Tags"] == second["Tags"]
    return {tag["Key"]: tag["Value"] for tag in first["Tags"]}


def test_every_call_is_rehearsed_with_dryrun_and_nothing_runs(backend):
    approval_id = backend.ask(INSTANCE, {**INSTANCE, "key_name": "other"})
    backend.rehearse(approval_id)
    assert [request["DryRun"] for request in backend.ec2.rehearsals] == [True, True]
    assert [request["KeyName"] for request in backend.ec2.rehearsals] == ["kondo", "other"]
    assert backend.ec2.requests == []
    assert backend.ec2.instances() == []
    passed = {call["id"]: {"passed": True} for call in backend.approval(approval_id).calls()}
    assert rehearsal(approval_id) == {"calls": passed}


def test_what_is_rehearsed_is_what_is_launched_but_for_what_only_the_vote_decides(backend):
    approval_id = opened_request(backend)
    backend.decide(approval_id)
    backend.launch(approval_id)
    [rehearsed], [launched] = backend.ec2.rehearsals, backend.ec2.requests
    assert set(rehearsed) == REQUEST_OF_A_LAUNCH | {"DryRun"}
    assert set(launched) == REQUEST_OF_A_LAUNCH
    different = {name for name in REQUEST_OF_A_LAUNCH if rehearsed[name] != launched[name]}
    assert different == {"ClientToken", "TagSpecifications"}
    before, after = tags(rehearsed), tags(launched)
    assert before.pop("countersign:approver") == "rehearsal"
    assert after.pop("countersign:approver") == "carol@example.com"
    assert after.pop("countersign:lease-ends")
    assert before.pop("countersign:requester")
    assert after.pop("countersign:requester") == "alice@example.com"
    assert before == after


def test_a_rehearsal_s_token_never_is_that_of_a_launch(backend):
    """Not even where nothing was found out, so that the plan has the draft's digest."""
    approval_id = backend.ask()
    asked = backend.approval(approval_id)
    backend.rehearse(approval_id)
    [rehearsed] = backend.ec2.rehearsals
    launch = client_token(
        account=ACCOUNT_ID,
        region=REGION,
        approval_id=approval_id,
        call_id=asked.calls()[0]["id"],
        digest=asked.digest,
    )
    assert rehearsed["ClientToken"] != launch
    assert len(rehearsed["ClientToken"]) == 64


def test_a_refusal_is_written_down_in_a_sentence_without_the_encoded_message(backend):
    message = "You are not authorized. Encoded authorization failure message: canary"
    approval_id = backend.ask()
    backend.ec2.rehearsal_faults = [
        client_error("UnauthorizedOperation", "RunInstances", status=403, message=message)
    ]
    backend.rehearse(approval_id)
    [result] = rehearsal(approval_id)["calls"].values()
    assert (result["passed"], result["code"]) == (False, "UnauthorizedOperation")
    assert "does not allow this launch" in result["text"]
    assert "canary" not in str(result)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("InvalidAMIID.NotFound", "the AMI does not exist in this region"),
        ("InvalidKeyPair.NotFound", "the key pair does not exist in this region"),
        ("VPCIdNotSpecified", "subnet_ids under targets"),
        ("UnauthorizedOperation", "tag policies"),
        ("SomethingNew", "What AWS says."),
    ],
)
def test_a_refused_rehearsal_ends_the_request_in_the_conversation_and_mails_nobody(
    backend, code, words
):
    approval_id = backend.ask()
    backend.found(approval_id)
    fault = client_error(code, "RunInstances", message="What AWS says.")
    backend.ec2.rehearsal_faults = [fault]
    backend.rehearse(approval_id)
    with pytest.raises(NobodyToAsk):
        backend.request(approval_id)
    assert backend.settle(approval_id)["status"] == "denied"
    backend.record(approval_id)
    [turn] = backend.turns(backend.approval(approval_id).conversation_id)
    assert turn["tool_calls"][0]["status"] == "denied"
    assert words in turn["reply"]
    assert backend.account.mails_of_all() == {}
    backend.model.says("I will ask for another one.")
    backend.last_word(approval_id)
    assert words in str(backend.model.asked[-1].messages[-1])


@pytest.mark.parametrize(
    "error",
    [
        client_error("RequestLimitExceeded", status=503),
        client_error("InternalError", status=500),
        client_error("NeverHeardOf", status=502),
        ReadTimeoutError(endpoint_url="https://ec2"),
        ConnectTimeoutError(endpoint_url="https://ec2"),
    ],
    ids=["throttled", "internal", "unknown", "no answer", "no connection"],
)
def test_an_unclear_answer_is_asked_for_again_and_not_written_down(backend, error):
    approval_id = backend.ask()
    backend.ec2.rehearsal_faults = [error]
    with pytest.raises(TemporarilyUnavailable):
        backend.rehearse(approval_id)
    assert rehearsal(approval_id) is None
    backend.rehearse(approval_id)
    assert rehearsal(approval_id) is not None


def test_an_ec2_that_ignores_dryrun_stops_the_request_for_good(backend, monkeypatch):
    approval_id = backend.ask()
    started = {"Instances": [{"InstanceId": "i-0123456789abcdef0"}]}
    monkeypatch.setattr(backend.ec2, "run_instances", lambda **_: started)
    with pytest.raises(RehearsalLaunched):
        backend.rehearse(approval_id)
    assert rehearsal(approval_id) is None
    backend.found(approval_id)
    with pytest.raises(NobodyToAsk):
        backend.request(approval_id)
    assert backend.approval(approval_id).status == "failed"


def test_a_launch_role_that_cannot_be_assumed_is_tried_again(backend, monkeypatch):
    def refuse(_):
        raise client_error("AccessDenied", "AssumeRole")

    approval_id = backend.ask()
    here = backend.rooms["launch_instance"]
    monkeypatch.setattr(room, "deps", lambda: replace(here, ec2_for=refuse))
    with pytest.raises(TemporarilyUnavailable):
        backend.rehearse(approval_id)
    assert rehearsal(approval_id) is None


def test_it_is_rehearsed_while_it_is_prepared_and_never_again(backend):
    approval_id = opened_request(backend)
    backend.rehearse(approval_id)
    backend.decide(approval_id)
    backend.rehearse(approval_id)
    backend.rehearse("a" * 26)
    assert len(backend.ec2.rehearsals) == 1


def test_the_first_result_stands(backend):
    approval_id = backend.ask()
    backend.rehearse(approval_id)
    backend.ec2.rehearsal_faults = [client_error("InvalidAMIID.NotFound")]
    backend.rehearse(approval_id)
    [result] = rehearsal(approval_id)["calls"].values()
    assert result == {"passed": True}


def test_an_extension_is_not_rehearsed_with_ec2(backend):
    arguments = {"instance_id": "i-0123456789abcdef0", "hours": 4}
    backend.model.says(calls(call(arguments, name="extend_lease")))
    approval_id = backend.chat("longer").json["approval"]["id"]
    backend.rehearse(approval_id)
    assert backend.ec2.rehearsals == []
    [result] = rehearsal(approval_id)["calls"].values()
    assert result == {"passed": True}


@pytest.mark.parametrize("event", [{"v": 3}, {"v": 1}, {"v": 2, "approval_id": None}], ids=str)
def test_a_rehearsal_in_other_words_is_refused(backend, event):
    command = {"v": 2, "command": "rehearse", "approval_id": backend.ask()}
    with pytest.raises(ValueError, match="Rehearse"):
        room.handler({**command, **event}, LambdaContext())
    assert backend.ec2.rehearsals == []
