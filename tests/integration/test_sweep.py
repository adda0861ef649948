"""Every minute: what is due is handed to its owner, and nothing else."""

import json

import pytest

from functions.shared.aws import client
from tests.support.backend import TIMEOUT_SECONDS
from tests.support.fake_states import client_error
from tests.support.gateway import LambdaContext
from tests.support.wire import watched


def handed(backend):
    backend.invoked.clear()
    found = backend.sweep()
    return found, [(name, payload.get("command")) for name, payload in backend.invoked]


def test_nothing_unfinished_is_two_queries_and_no_invocation(backend):
    backend.model.says("hi")
    backend.chat("hello")
    with watched(client("dynamodb"), client("lambda")) as wire:
        found, steps = handed(backend)
    assert wire.operations() == ["dynamodb.Query", "dynamodb.Query"]
    assert (found, steps) == ({"found": 0, "overdue": 0, "unsettled": 0}, [])


def test_what_is_on_its_way_is_left_alone(backend):
    backend.open(backend.ask())
    backend.ask()
    assert handed(backend)[1] == []
    backend.clock.turn(59)
    assert handed(backend)[1] == []


def test_a_request_whose_start_was_lost_is_started(backend):
    backend.states.fail_with["start_execution"] = [client_error("InternalError", status=500)]
    approval_id = backend.ask()
    backend.clock.turn(60)
    assert handed(backend)[1] == [("continue_turn", "start")]
    backend.continue_turn(backend.invoked[0][1])
    assert list(backend.states.executions) == [approval_id]


def test_a_request_that_never_opens_is_told_after_ten_minutes(backend):
    approval_id = backend.ask()
    backend.states.statuses[approval_id] = "FAILED"
    backend.clock.turn(60 + 601)
    assert handed(backend)[1] == [("continue_turn", "start"), ("record_outcome", None)]
    backend.record(approval_id, finished=False)
    assert backend.approval(approval_id).status == "failed"
    assert handed(backend)[1] == []


def test_a_request_past_its_time_is_repaired_and_after_five_minutes_counted(backend):
    backend.open(backend.ask())
    backend.clock.turn(TIMEOUT_SECONDS)
    found, steps = handed(backend)
    assert steps == [("decide_approval", "repair")]
    assert found["overdue"] == 0
    backend.clock.turn(301)
    assert handed(backend)[0]["overdue"] == 1


def test_a_decision_that_is_not_closed_is_repaired_recorded_and_after_five_minutes_counted(backend):
    approval_id = backend.ask()
    backend.open(approval_id)
    backend.decide(approval_id)
    assert handed(backend)[1] == []
    backend.clock.turn(60)
    found, steps = handed(backend)
    assert steps == [("decide_approval", "repair"), ("record_outcome", None)]
    assert found["unsettled"] == 0
    backend.clock.turn(301)
    assert handed(backend)[0]["unsettled"] == 1


def test_a_closed_one_that_nobody_was_told_of_is_told(backend, monkeypatch):
    def crash(*_):
        raise RuntimeError("crashed")

    approval_id = backend.ask()
    backend.open(approval_id)
    backend.cancel(approval_id)
    with monkeypatch.context() as patch:
        patch.setattr(backend.rooms["record_outcome"].approvals, "mark_told", crash)
        with pytest.raises(RuntimeError):
            backend.record(approval_id)
    backend.clock.turn(60)
    assert handed(backend)[1] == [("record_outcome", None)]
    assert backend.invoked[0][1] == {"v": 1, "approval_id": approval_id}


@pytest.mark.parametrize("ending", ["approve", "reject", "cancel", "expire"])
def test_swept_alone_every_request_reaches_its_end_and_the_conversation_is_told(backend, ending):
    """The workflow is gone; minute after minute, the sweep's own invocations must be enough."""
    approval_id = backend.ask()
    backend.open(approval_id)
    if ending == "cancel":
        backend.cancel(approval_id)
    elif ending != "expire":
        backend.decide(approval_id, ending)
    backend.states.statuses.clear()
    backend.clock.turn(TIMEOUT_SECONDS)
    for _ in range(4):
        for name, payload in _swept(backend):
            if name == "decide_approval":
                backend.repair(payload["approval_id"])
            elif name == "record_outcome":
                backend.record(payload["approval_id"], finished=False)
            else:
                backend.continue_turn(payload)
        backend.clock.turn(60)
    approval = backend.approval(approval_id)
    assert approval.told_at
    assert approval.outcomes
    assert backend.turns(approval.conversation_id)[0]["status"] == "completed"
    assert handed(backend)[1] == []
    assert backend.ec2.requests == []


def _swept(backend):
    backend.invoked.clear()
    backend.sweep()
    return list(backend.invoked)


def test_many_entries_are_all_handed_over_page_by_page(backend):
    for _ in range(30):
        backend.states.fail_with["start_execution"] = [client_error("Throttling")]
        backend.ask()
    backend.clock.turn(60)
    dynamodb = client("dynamodb")
    query = dynamodb.query

    def in_small_pages(**request):
        return query(**request, Limit=7)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dynamodb, "query", in_small_pages)
        found, steps = handed(backend)
    assert found["found"] == len(steps) == 30
    assert len({json.dumps(payload) for _, payload in backend.invoked}) == 30


def test_what_time_does_not_allow_waits_for_the_next_minute(backend):
    import functions.sweep.handler as room

    for _ in range(3):
        backend.states.fail_with["start_execution"] = [client_error("Throttling")]
        backend.ask()
    backend.clock.turn(60)
    room.handler({}, LambdaContext(5_000))
    assert len(backend.invoked) == 1
    assert len(handed(backend)[1]) == 3


def test_late_work_is_counted_in_the_metrics_every_minute_even_when_there_is_none(backend, capsys):
    backend.sweep()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    figures = {name: line[name] for line in lines for name in line if name.startswith("Approvals")}
    assert figures == {"ApprovalsOverdue": [0.0], "ApprovalsUnsettled": [0.0]}
