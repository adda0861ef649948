"""The state machine's file keeps its contract with the stack, and every way through it ends told."""

import pytest

from infra.workflow import DEFINITION
from tests.infra.asl import every_state, machine, names_asked, reachable

TEXT = DEFINITION.read_text()
STATES = machine(TEXT)["States"]
TASKS = {name: state for name, state in every_state(STATES) if state["Type"] == "Task"}
CALLS = STATES["RunApprovedCalls"]["ItemProcessor"]["States"]
CHECKS = {name for branch in STATES["Prepare"]["Branches"] for name in branch["States"]}
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
        "PreflightFunction": "<Preflight/Function>",
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
    assert "TemporarilyUnavailable" in named
    repeatable = {"States.Timeout"} if name in CHECKS else set()
    assert {error for error in named if error.startswith("States.")} <= repeatable


def test_the_checks_run_at_once_and_are_bounded_in_time():
    assert STATES["Prepare"]["Type"] == "Parallel"
    assert [branch["StartAt"] for branch in STATES["Prepare"]["Branches"]] == [
        "Preflight",
        "Rehearse",
    ]
    assert {TASKS[name]["TimeoutSeconds"] for name in CHECKS} == {30}


def test_a_check_that_fails_still_reaches_who_decides_what_that_means():
    [catch] = STATES["Prepare"]["Catch"]
    assert (catch["ErrorEquals"], catch["Next"]) == (["States.ALL"], "RequestApproval")
    assert STATES["Prepare"]["Next"] == "RequestApproval"


def test_a_launch_is_sent_again_where_that_is_safe_and_a_rehearsal_that_launched_never_is():
    tries = {
        error: retry["MaxAttempts"]
        for retry in TASKS["LaunchInstance"]["Retry"]
        for error in retry["ErrorEquals"]
    }
    assert tries["NoCapacity"] == 3
    assert tries["LaunchAmbiguous"] == tries["TemporarilyUnavailable"] == 5
    assert "LaunchRefused" not in tries
    rehearsed = [error for retry in TASKS["Rehearse"]["Retry"] for error in retry["ErrorEquals"]]
    assert "RehearsalLaunched" not in rehearsed


@pytest.mark.parametrize("name", sorted(set(TASKS) - CHECKS))
def test_a_task_that_fails_still_reaches_the_outcome(name):
    [catch] = TASKS[name]["Catch"]
    assert catch["ErrorEquals"] == ["States.ALL"]
    if name in CALLS:
        assert CALLS[catch["Next"]]["End"] is True
        assert "RecordOutcome" in reachable(STATES, "RunApprovedCalls")
    elif name == "RecordOutcome":
        assert STATES[catch["Next"]]["Type"] == "Fail"
    elif name not in AFTER_THE_OUTCOME:
        assert "RecordOutcome" in reachable(STATES, catch["Next"])


def test_every_way_in_leads_through_the_outcome():
    before = reachable(STATES, "Prepare") - AFTER_THE_OUTCOME - {"RecordOutcome"}
    ends = {name for name in before if STATES[name]["Type"] in ("Succeed", "Fail")}
    assert ends == {"OutcomeNotRecorded"}
    assert "Told" not in {STATES[name].get("Next") for name in before}


@pytest.mark.parametrize("name", sorted(set(TASKS) - {"LaunchInstance"}))
def test_a_task_s_payload_says_its_version(name):
    assert TASKS[name]["Arguments"]["Payload"]["v"] == 2


def test_a_call_s_payload_says_its_version():
    assert STATES["RunApprovedCalls"]["ItemSelector"]["v"] == 2
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
