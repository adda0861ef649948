"""The interpreter knows what the committed state machine uses, and refuses what it does not."""

import json
from datetime import timedelta
from types import MappingProxyType

import pytest

from tests.support.clock import START, Clock
from tests.sweeps.engine import Engine
from tests.sweeps.gate import Gate
from tests.sweeps.interpreter import INVOKE, KNOWN, Machine, NotKnown
from tests.sweeps.stage import DEFINITION, room_of


class Names(dict):
    def __missing__(self, name):
        return room_of(name) or 60


def machine(**states):
    definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
    return Machine.of(json.dumps(definition), {})


def task(**more):
    arguments = {"FunctionName": "room", "Payload": "{% $states.input %}"}
    return {"Type": "Task", "Resource": INVOKE, "Arguments": arguments, "End": True, **more}


def ended(machine, handler, input=MappingProxyType({})):
    """The execution's status, and what was asked."""
    engine = Engine(Gate(), Clock(), machine, {"room": handler})
    engine.start("one", dict(input))
    engine.run(START + timedelta(hours=1))
    return engine.executions["one"].status, [payload for _, payload in engine.requests]


def test_the_committed_state_machine_is_known_whole():
    states = Machine.of(DEFINITION.read_text(), Names()).definition["States"]
    assert {state["Type"] for state in states.values()} <= KNOWN.keys()


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Wait", "Seconds": 5, "End": True},
        {"Type": "Pass", "Assign": {"x": 1}, "End": True},
        {"Type": "Pass", "InputPath": "$.x", "End": True},
        task(HeartbeatSeconds=5),
        task(Resource="arn:aws:states:::dynamodb:putItem"),
        task(Retry=[{"ErrorEquals": ["States.ALL"], "MaxDelaySeconds": 5}]),
        {"Type": "Pass", "Output": "{% $eval('1') %}", "End": True},
        {"Type": "Pass", "Output": "{% $states.input ~> %}", "End": True},
        {"Type": "Pass", "Next": "Nowhere"},
    ],
)
def test_what_is_not_known_is_refused_when_the_file_is_read(state):
    with pytest.raises(NotKnown):
        machine(Only=state)


def test_a_named_error_is_retried_so_often_and_no_more():
    def busy(_):
        raise ValueError("busy")

    retry = [{"ErrorEquals": ["ValueError"], "MaxAttempts": 3, "IntervalSeconds": 1}]
    status, asked = ended(machine(Only=task(Retry=retry)), busy)
    assert (status, len(asked)) == ("FAILED", 4)


def test_an_error_that_no_retry_names_is_caught_with_its_name():
    def broken(event):
        if event == {"first": True}:
            raise KeyError("x")
        return event

    catch = [
        {
            "ErrorEquals": ["States.ALL"],
            "Output": {"error": "{% $states.errorOutput.Error %}"},
            "Next": "After",
        }
    ]
    first = {**task(Catch=catch), "Next": "After"}
    del first["End"]
    status, asked = ended(machine(First=first, After=task()), broken, {"first": True})
    assert (status, asked) == ("SUCCEEDED", [{"first": True}, {"error": "KeyError"}])


def test_a_query_that_gives_nothing_fails_its_state():
    assert ended(machine(Only=task(Output="{% $states.input.x %}")), dict, {})[0] == "FAILED"
