"""An approved runbook: started once with a token of its own, looked at until it ends, told as it ended."""

import json
import uuid

import pytest
from botocore.exceptions import ReadTimeoutError

from functions.launch_instance.ec2_errors import LaunchAmbiguous
from functions.launch_instance.start_runbook import POLLS, StillRunning
from functions.shared.approved_call import LaunchRefused
from functions.shared.aws import client
from functions.shared.errors import TemporarilyUnavailable
from tests.support.account import APPROVALS, freeze
from tests.support.fake_model import call, calls
from tests.support.fake_ssm import Lost
from tests.support.fake_states import client_error
from tests.support.stories import outcomes

FROZEN = json.dumps(
    {"frozen": True, "reason": "leaked key", "by": "Olga", "at": "2026-11-21T03:05:00Z"}
)
TIME_OUT = ReadTimeoutError(endpoint_url="https://ssm.us-east-1.amazonaws.com")
ROLE = "arn:aws:iam::123456789012:role/Restart"
AGENT = {
    "version": 2,
    "title": "Restarts",
    "prompt": "You restart services.",
    "functions": [
        {
            "name": "restart",
            "description": "Restarts a service.",
            "parameters": {
                "type": "object",
                "properties": {"instance_id": {"type": "string"}, "share": {"type": "number"}},
                "required": ["instance_id"],
            },
        }
    ],
    "actions": {
        "restart": {
            "kind": "document",
            "document": "Company-RestartService",
            "version": "4",
            "role": ROLE,
            "parameters": {"InstanceId": "{instance_id}", "Reason": "{share}"},
        }
    },
    "digest": "d" * 64,
}
REQUEST = {
    "DocumentName": "Company-RestartService",
    "DocumentVersion": "4",
    "Parameters": {"InstanceId": ["i-1"], "Reason": ["0.5"], "AutomationAssumeRole": [ROLE]},
}


class Approved:
    """A restart that alice asked for and carol approved."""

    def __init__(self, backend):
        self.backend, self.ssm = backend, backend.ssm
        arguments = {"instance_id": "i-1", "share": 0.5}
        backend.model.says(calls(call(arguments, name="restart")))
        answer = backend.chat("restart it", agent="restarts")
        self.id = answer.json["approval"]["id"]
        backend.open(self.id)
        assert backend.decide(self.id).status == 200

    def launch(self):
        return self.backend.launch(self.id)["status"]

    def told(self):
        self.backend.record(self.id)
        [outcome] = outcomes(self.backend, self.id)
        return outcome

    def due_at(self):
        item = client("dynamodb").get_item(
            TableName=APPROVALS, Key={"pk": {"S": self.id}, "sk": {"S": "approval"}}
        )["Item"]
        return int(item["due_at"]["N"])


@pytest.fixture
def approved(backend_of):
    return Approved(backend_of(restarts=AGENT))


def test_it_is_started_once_as_it_was_shown_however_often_it_is_delivered(approved):
    for _ in range(3):
        assert approved.launch() == "succeeded"
    [request] = approved.ssm.requests
    assert uuid.UUID(request.pop("ClientToken"))
    assert request == REQUEST
    assert approved.told() == (
        "succeeded",
        "The runbook Company-RestartService ended well: execution execution-1.",
    )


@pytest.mark.parametrize("status", ["Failed", "TimedOut", "Cancelled", "CompletedWithFailure"])
def test_a_runbook_that_fails_is_told_with_aws_s_words_on_one_line(approved, status):
    approved.ssm.statuses, approved.ssm.failure = [status], "Step 2\nfailed\u202e: no such service"
    assert approved.launch() == "failed"
    _, text = approved.told()
    assert f"ended as {status}: execution execution-1." in text
    assert '"Step 2 failed : no such service"' in text


def test_one_that_takes_its_time_is_found_again_by_its_id_and_not_started_again(approved):
    approved.ssm.statuses = ["Pending", *["InProgress"] * 2 * POLLS, "Success"]
    for _ in range(2):
        with pytest.raises(StillRunning):
            approved.launch()
    assert approved.launch() == "succeeded"
    assert len(approved.ssm.requests) == 1
    assert set(approved.ssm.looks) == {"execution-1"}


def test_nobody_is_alarmed_while_it_runs(approved):
    approved.ssm.statuses = ["InProgress"]
    with pytest.raises(StillRunning):
        approved.launch()
    assert approved.due_at() >= int(approved.backend.clock().timestamp()) + 240


def test_one_that_never_ends_is_told_with_its_execution(approved):
    approved.ssm.statuses = ["InProgress"]
    with pytest.raises(StillRunning):
        approved.launch()
    status, text = approved.told()
    assert status == "unknown"
    assert "execution-1" in text
    assert "had not ended" in text


def test_a_lost_answer_is_asked_for_again_with_the_same_token(approved):
    approved.ssm.faults.append(Lost(TIME_OUT))
    with pytest.raises(LaunchAmbiguous):
        approved.launch()
    assert approved.launch() == "succeeded"
    first, again = approved.ssm.requests
    assert first == again
    assert len(approved.ssm.started) == 1


def test_a_crash_before_the_id_was_written_starts_nothing_twice(approved, monkeypatch):
    ledger = approved.backend.rooms["launch_instance"].ledger

    def crash(*_):
        raise RuntimeError("crashed")

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "runbook_started", crash)
        with pytest.raises(RuntimeError):
            approved.launch()
    assert approved.launch() == "succeeded"
    assert len(approved.ssm.started) == 1


def test_an_execution_that_cannot_be_looked_at_is_no_failure(approved):
    approved.ssm.look_faults = [client_error("ThrottlingException")] * (POLLS - 1)
    assert approved.launch() == "succeeded"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("AutomationDefinitionNotFoundException", "no such runbook"),
        ("AutomationDefinitionVersionNotFoundException", "no such version"),
        ("AccessDeniedException", "does not allow it"),
        ("InvalidAutomationExecutionParametersException", "InvalidAutomationExecution"),
    ],
)
def test_a_refusal_is_told_and_nothing_was_started(approved, code, words):
    approved.ssm.faults.append(client_error(code, "StartAutomationExecution"))
    assert approved.launch() == "failed"
    _, text = approved.told()
    assert words in text
    assert text.endswith("Nothing was started.")


def test_a_refused_repeat_does_not_hide_what_the_first_one_started(approved):
    approved.ssm.faults += [Lost(TIME_OUT), client_error("AccessDeniedException")]
    with pytest.raises(LaunchAmbiguous):
        approved.launch()
    assert approved.launch() == "unknown"
    assert "may have been started" in approved.told()[1]


def test_a_token_that_aws_knows_with_other_parameters_is_for_an_operator(approved):
    approved.ssm.faults.append(client_error("IdempotentParameterMismatch"))
    assert approved.launch() == "unknown"


def test_what_was_not_taken_is_tried_again(approved):
    approved.ssm.faults.append(client_error("ThrottlingException", status=400))
    with pytest.raises(TemporarilyUnavailable):
        approved.launch()
    assert approved.launch() == "succeeded"


def test_frozen_nothing_is_started(approved):
    freeze(FROZEN)
    assert approved.launch() == "denied"
    assert approved.ssm.requests == []


def test_another_role_than_was_shown_is_refused(approved):
    plan = approved.backend.approval(approved.id).plan
    approved.backend.edit(approved.id, plan=plan.replace("role/Restart", "role/Admin"))
    with pytest.raises(LaunchRefused):
        approved.launch()
    assert approved.ssm.requests == []
