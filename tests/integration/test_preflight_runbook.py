"""What an approver reads before a runbook is started: whose it is, and whether it takes what it would be given."""

import json

import pytest

from functions.preflight.preflight import preflight
from functions.shared.automation import planned
from tests.support.fake_ssm import RUNBOOK, FakeSsm
from tests.support.fake_states import client_error
from tests.support.preflight_desk import APPROVAL_ID, failing

ACTION = {
    "kind": "document",
    "document": "Company-RestartService",
    "version": "4",
    "role": "arn:aws:iam::123456789012:role/Restart",
    "parameters": {"InstanceId": "i-1"},
}


class Checked:
    """What preflight finds about one runbook."""

    def __init__(self, desk):
        self.desk, self.ssm = desk, FakeSsm()
        desk.clients["ssm"] = self.ssm

    def describe(self, **changes):
        self.ssm.documents["Company-RestartService", "4"] = {**RUNBOOK, **changes}

    def find(self, **action):
        call = {
            "id": "call_1",
            "function": "restart",
            "operation": "document",
            "arguments": {},
            "parameters": planned({}, {"action": {**ACTION, **action}}),
        }
        where = {"account": "123456789012", "region": "us-east-1", "target": "default"}
        plan = {"version": 2, **where, "calls": [call]}
        self.desk.store(json.dumps(plan))
        preflight(self.desk.deps, APPROVAL_ID)
        return json.loads(self.desk.row()["result"]["S"])["calls"]["call_1"]

    def facts(self, **action):
        found = self.find(**action)
        assert found["complaints"] == []
        return {fact["key"]: (fact["value"], fact["level"]) for fact in found["facts"]}

    def complaint(self, **action):
        [complaint] = self.find(**action)["complaints"]
        return complaint["text"]


@pytest.fixture
def checked(desk):
    return Checked(desk)


def test_an_approver_reads_whose_runbook_it_is_and_what_it_says_it_does(checked):
    facts = checked.facts()
    assert facts["runbook_owner"] == ("123456789012 (this account)", "plain")
    assert facts["runbook_description"] == ("Restarts one service.", "plain")


@pytest.mark.parametrize(
    ("owner", "told"),
    [
        ("Amazon", ("Amazon", "plain")),
        ("210987654321", ("210987654321 (another account)", "warning")),
    ],
)
def test_somebody_else_s_runbook_is_marked(checked, owner, told):
    checked.describe(Owner=owner)
    assert checked.facts()["runbook_owner"] == told


def test_a_runbook_or_a_version_that_is_not_there_is_complained_of(checked):
    assert "does not exist in us-east-1" in checked.complaint(document="Another-Runbook")


def test_a_version_that_is_not_there_is_complained_of(checked):
    assert "version 5, does not exist" in checked.complaint(version="5")


def test_what_the_runbook_does_not_know_and_what_it_lacks_is_complained_of(checked):
    found = checked.find(parameters={"InstanceID": "i-1"})
    texts = " ".join(one["text"] for one in found["complaints"])
    assert "knows no parameter InstanceID" in texts
    assert "needs InstanceId" in texts


def test_a_runbook_that_takes_no_role_is_refused(checked):
    parameters = [one for one in RUNBOOK["Parameters"] if one["Name"] != "AutomationAssumeRole"]
    checked.describe(Parameters=parameters)
    assert "would not be used" in checked.complaint()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"DocumentType": "Command"}, "no runbook but a Command"),
        ({"Status": "Deleting"}, "Deleting"),
    ],
)
def test_a_document_that_cannot_run_is_complained_of(checked, changes, words):
    checked.describe(**changes)
    assert words in checked.complaint()


def test_what_systems_manager_does_not_tell_is_not_checked_and_no_reason_to_refuse(checked):
    checked.desk.change("ssm", describe_document=failing(client_error("AccessDeniedException")))
    [(_, (value, level))] = checked.facts().items()
    assert value.startswith("runbook: AWS denied it")
    assert level == "warning"
