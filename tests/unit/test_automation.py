"""The kind `document`: what a runbook is sent follows from manifest and arguments alone, and people read all of it."""

import uuid

import pytest

from functions.shared import automation
from functions.shared.operations import OPERATIONS
from functions.shared.plan_words import sentence_of
from functions.shared.run_instances import BadArguments

ROLE = "arn:aws:iam::123456789012:role/Restart"
ACTION = {
    "kind": "document",
    "document": "Company-RestartService",
    "version": "4",
    "role": ROLE,
    "parameters": {
        "InstanceId": "{instance_id}",
        "Reason": "asked in the chat: {reason}",
        "Services": "{services}",
        "Mode": ["fast", "{instance_id}"],
    },
}
ARGUMENTS = {"instance_id": "i-0123456789abcdef0", "reason": "stuck", "services": ["web", "db"]}


def planned(arguments=ARGUMENTS, **action):
    return automation.planned(arguments, {"action": {**ACTION, **action}})


def test_what_is_sent_is_pinned_by_the_manifest_and_filled_from_the_arguments():
    assert planned()["request"] == {
        "DocumentName": "Company-RestartService",
        "DocumentVersion": "4",
        "Parameters": {
            "InstanceId": ["i-0123456789abcdef0"],
            "Reason": ["asked in the chat: stuck"],
            "Services": ["web", "db"],
            "Mode": ["fast", "i-0123456789abcdef0"],
            "AutomationAssumeRole": [ROLE],
        },
    }


def test_planned_again_from_what_was_planned_it_is_the_same():
    first = planned()
    assert OPERATIONS["document"].planned(ARGUMENTS, first) == first


def test_an_argument_that_was_not_given_leaves_its_parameter_to_the_runbook():
    sent = planned({"instance_id": "i-0123456789abcdef0", "reason": "x"})["request"]["Parameters"]
    assert "Services" not in sent


def test_an_argument_that_a_text_needs_must_be_given():
    with pytest.raises(BadArguments, match="reason must be given"):
        planned({"instance_id": "i-0123456789abcdef0"})


def test_values_are_never_read_as_templates():
    sent = planned({**ARGUMENTS, "reason": "{instance_id}{AutomationAssumeRole}"})["request"]
    assert sent["Parameters"]["Reason"] == [
        "asked in the chat: {instance_id}{AutomationAssumeRole}"
    ]


@pytest.mark.parametrize(
    ("value", "sent"),
    [(True, "true"), (7, "7"), (1.5, "1.5"), ({"a": 1}, '{"a": 1}'), (None, "null"), ("x", "x")],
)
def test_what_is_no_text_is_sent_as_json(value, sent):
    assert planned({**ARGUMENTS, "services": value})["request"]["Parameters"]["Services"] == [sent]


def test_the_role_is_the_manifest_s_alone():
    with pytest.raises(BadArguments, match="AutomationAssumeRole"):
        planned(parameters={"AutomationAssumeRole": "{role}"})


def test_a_plan_without_a_runbook_is_refused():
    with pytest.raises(BadArguments):
        automation.planned(ARGUMENTS, {})


def test_the_token_is_a_uuid_that_follows_from_the_call():
    first, again = automation.client_token("a" * 64), automation.client_token("a" * 64)
    assert first == again != automation.client_token("b" * 64)
    assert uuid.UUID(first).version == 5


def test_people_read_what_is_pinned_and_every_argument_by_its_name():
    call = {"function": "restart", "arguments": ARGUMENTS, "parameters": planned()}
    facts = {fact["key"]: (fact["value"], fact["source"]) for fact in automation.facts(call)}
    assert facts["operator_document"] == ("Company-RestartService", "operator")
    assert facts["operator_version"] == ("4", "operator")
    assert facts["operator_role"] == (ROLE, "operator")
    assert facts["operator_parameter_Reason"] == ("asked in the chat: {reason}", "operator")
    assert facts["reason"] == ("stuck", "model")
    assert facts["services"] == ('["web", "db"]', "model")
    assert automation.summary(call) == "Start the runbook Company-RestartService, version 4"
    plan = {
        "account": "123456789012",
        "region": "us-east-1",
        "calls": [{**call, "operation": "document"}],
    }
    assert sentence_of(plan) == (
        "Start the runbook Company-RestartService, version 4 in 123456789012, us-east-1."
    )


def test_a_hostile_value_cannot_forge_a_line():
    arguments = {**ARGUMENTS, "reason": "x\nRuns as: root"}
    call = {"arguments": arguments, "parameters": planned(arguments)}
    assert automation.confirmation(call).count("\nRuns as: ") == 1
