"""The state machine's file keeps its contract with the stack, and every way through it ends told."""

import pytest

from infra.workflow import DEFINITION
from tests.infra.asl import every_state, machine, names_asked, reachable

TEXT = DEFINITION.read_text()
STATES = machine(TEXT)["States"]
TASKS = {name: state for name, state in every_state(STATES) if state["Type"] == "Task"}
INNER = {name for name in TASKS if name not in STATES}
AFTER_THE_OUTCOME = reachable(STATES, "ContinueTurn")


def test_the_definition_asks_for_exactly_what_the_stack_gives(production):
    given = production.one("AWS::StepFunctions::StateMachine").properties
    assert names_asked(TEXT) == set(given["DefinitionSubstitutions"])
    assert given["DefinitionSubstitutions"]["ApprovalWaitSeconds"] == "3660"


def test_each_name_stands_for_the_function_of_that_name(production):
    given = production.one("AWS::StepFunctions::StateMachine").properties["DefinitionSubstitutions"]
    named = {
        name: production.spelled(value)
        for name, value in given.items()
        if name != "ApprovalWaitSeconds"
    }
    assert named == {
        "RequestApprovalFunction": "<RequestApproval/Function>",
        "DecideApprovalFunction": "<DecideApproval/Function>",
        "LaunchInstanceFunction": "<LaunchInstance/Function>",
        "RecordOutcomeFunction": "<RecordOutcome/Function>",
        "ContinueTurnFunction": "<Chat/ContinueTurn>",
    }


def test_the_machine_logs_and_traces_without_anyone_s_words(production):
    given = production.one("AWS::StepFunctions::StateMachine").properties
    assert given["StateMachineType"] == "STANDARD"
    assert given["LoggingConfiguration"]["Level"] == "ALL"
    assert given["LoggingConfiguration"]["IncludeExecutionData"] is False
    assert given["TracingConfiguration"] == {"Enabled": True}


@pytest.mark.parametrize("name", TASKS)
def test_a_task_ends_in_time(name):
    assert isinstance(TASKS[name]["TimeoutSeconds"], int)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_retried_on_named_errors_alone(name):
    named = [error for retry in TASKS[name]["Retry"] for error in retry["ErrorEquals"]]
    assert named
    assert not [error for error in named if error.startswith("States.")]


@pytest.mark.parametrize("name", TASKS)
def test_a_task_that_fails_still_reaches_the_outcome(name):
    [catch] = TASKS[name]["Catch"]
    assert catch["ErrorEquals"] == ["States.ALL"]
    if name in INNER:
        inside = STATES["RunApprovedCalls"]["ItemProcessor"]["States"]
        assert inside[catch["Next"]]["End"] is True
        assert "RecordOutcome" in reachable(STATES, "RunApprovedCalls")
    elif name == "RecordOutcome":
        assert STATES[catch["Next"]]["Type"] == "Fail"
    elif name not in AFTER_THE_OUTCOME:
        assert "RecordOutcome" in reachable(STATES, catch["Next"])


def test_every_way_in_leads_through_the_outcome():
    before = reachable(STATES, "RequestApproval") - AFTER_THE_OUTCOME - {"RecordOutcome"}
    ends = {name for name in before if STATES[name]["Type"] in ("Succeed", "Fail")}
    assert ends == {"OutcomeNotRecorded"}
    assert "Told" not in {STATES[name].get("Next") for name in before}


@pytest.mark.parametrize("name", sorted(set(TASKS) - {"LaunchInstance"}))
def test_a_task_s_payload_says_its_version(name):
    assert TASKS[name]["Arguments"]["Payload"]["v"] == 1


def test_a_call_s_payload_says_its_version():
    assert STATES["RunApprovedCalls"]["ItemSelector"]["v"] == 1
    assert TASKS["LaunchInstance"]["Arguments"]["Payload"] == "{% $states.input %}"


def test_the_task_token_goes_to_one_task_alone():
    with_token = [name for name, state in TASKS.items() if "Task.Token" in str(state)]
    assert with_token == ["RequestApproval"]


def test_executions_that_end_otherwise_reach_record_outcome(production):
    rule = production.one("AWS::Events::Rule", "RecordOutcome/ExecutionEndedOtherwise").properties
    assert rule["EventPattern"]["detail"]["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
    assert rule["EventPattern"]["detail"]["stateMachineArn"] == [
        "arn:aws:states:eu-west-1:123456789012:stateMachine:Production-approval"
    ]
    [target] = rule["Targets"]
    assert production.spelled(target["Arn"]) == "<RecordOutcome/Function>"
    assert production.spelled(target["DeadLetterConfig"]["Arn"]) == "<Protection/DeadLetters>"


def test_the_sweep_runs_every_minute(production):
    rule = production.one("AWS::Events::Rule", "Sweep/EveryMinute").properties
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert production.spelled(rule["Targets"][0]["Arn"]) == "<Sweep/Function>"
