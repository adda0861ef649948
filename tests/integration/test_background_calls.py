"""A turn with calls that goes on in the background keeps what it has done, and does nothing twice."""

import pytest

from functions.chat.model import ModelTimeout
from functions.chat.rooms import Result
from tests.support.agents import compiled_agent
from tests.support.fake_model import call, calls

GET = {"kind": "rest", "method": "GET", "url": "https://example.com/{a}", "approval": "never"}
SLOTS = {
    "items": [{"name": "date", "question": "When?", "type": "string", "required": True}],
    "initial": " initial {slots}",
    "current": " current {slots}",
}
SET = {"kind": "slots", "operation": "set_item", "approval": "never"}


@pytest.fixture
def backend(backend_of):
    return backend_of(
        desk=compiled_agent("desk", actions={"fetch": GET, "send": {**GET, "method": "POST"}}),
        meeting=compiled_agent("meeting", actions={"set_item": SET}, slots=SLOTS),
    )


def fetch(**more):
    return calls(call({"a": "x"}, name="fetch", **more))


def send(**more):
    return calls(call({"a": "x"}, name="send", **more))


def test_what_was_done_is_not_done_again_when_the_model_is_too_slow(backend):
    backend.actions.says["fetch"] = Result("succeeded", "fetched")
    backend.model.says(fetch(id="c1"), ModelTimeout())
    view = backend.chat("Fetch it", agent="desk").json
    assert view["status"] == "working"
    backend.model.says("There it is.")
    backend.continue_turn(backend.handed_over[0])
    [turn] = backend.turns(view["conversation_id"])
    assert (turn["reply"], turn["tool_calls"][0]["result"]) == ("There it is.", "fetched")
    assert len(backend.actions.handed_over) == 1


def test_a_crash_while_something_runs_that_may_not_run_twice_leaves_a_turn_that_says_so(backend):
    class Crash(BaseException):
        pass

    def crash(_):
        raise Crash

    backend.actions.says["send"] = crash
    backend.model.says(send(id="c1"))
    with pytest.raises(Crash):
        backend.chat("Send it", agent="desk", key="k1")
    [row] = backend.http("GET /conversations").json["conversations"]
    [turn] = backend.turns(row["conversation_id"])
    assert turn["status"] == "working"
    backend.model.says("I do not know whether it was sent.")
    sub = backend.human("alice").sub
    command = {
        "v": 1,
        "command": "work",
        "owner": sub,
        "conversation_id": row["conversation_id"],
        "turn": 1,
    }
    backend.continue_turn(command)
    [turn] = backend.turns(row["conversation_id"])
    assert turn["tool_calls"][0]["status"] == "unknown"
    assert len(backend.actions.handed_over) == 1


def test_what_was_sent_is_kept_when_all_goes_well(backend):
    backend.actions.says["send"] = Result("succeeded", "sent")
    backend.model.says(send(), "Sent.")
    view = backend.chat("Send it", agent="desk").json
    assert (view["status"], view["reply"]) == ("completed", "Sent.")
    assert len(backend.turns(view["conversation_id"])) == 1


def test_mf_31_32_slots_survive_failures_processes_and_the_background(backend):
    def put(value, **more):
        return calls(call({"key": "date", "value": value}, name="set_item", **more))

    backend.model.says(put("Monday"), "Where?")
    here = backend.chat("Monday", agent="meeting").json["conversation_id"]
    backend.model.says(put("Tuesday"), ModelTimeout())
    backend.chat("no, Tuesday", conversation_id=here)
    backend.model.says("Noted.")
    backend.continue_turn(backend.handed_over[0])
    backend.model.says("Still Tuesday.")
    backend.chat("And?", conversation_id=here)
    assert "'date': 'Tuesday'" in backend.model.asked[-1].messages[0]["content"]
