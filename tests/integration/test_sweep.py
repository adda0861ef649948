"""Every minute: what is due is handed to its owner, and nothing else."""

import itertools
import json
import threading
import time

import pytest
from botocore.exceptions import ClientError

import functions.chat.continue_turn
import functions.decide_approval.handler
import functions.record_outcome.handler
import functions.request_approval.handler
from functions.shared.approval_marks import TELLING_SECONDS
from functions.shared.aws import client
from functions.sweep.handler import HandoverFailed, Sweeping, sweep
from tests.support.backend import TIMEOUT_SECONDS
from tests.support.fake_states import client_error
from tests.support.gateway import LambdaContext
from tests.support.leases import Leases
from tests.support.wire import watched

OWNERS = {
    "continue_turn": functions.chat.continue_turn.handler,
    "decide_approval": functions.decide_approval.handler.handler,
    "request_approval": functions.request_approval.handler.handler,
    "record_outcome": functions.record_outcome.handler.handler,
}
NOTHING = {"found": 0, "overdue": 0, "unsettled": 0, "leases_overdue": 0}


def handed(backend):
    backend.invoked.clear()
    found = backend.sweep()
    return found, sorted((name, payload["command"]) for name, payload in backend.invoked)


def carried_out(backend):
    """One minute's sweep, with what it invokes."""
    handed(backend)
    for name, payload in list(backend.invoked):
        OWNERS[name](payload, LambdaContext(120_000))


def test_nothing_unfinished_is_three_queries_and_no_invocation(backend):
    backend.model.says("hi")
    backend.chat("hello")
    with watched(client("dynamodb"), client("lambda")) as wire:
        found, steps = handed(backend)
    assert wire.operations() == ["dynamodb.Query"] * 3
    assert (found, steps) == (NOTHING, [])


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


@pytest.mark.parametrize("why", ["its execution failed", "it never started"])
def test_a_request_that_never_opens_is_told_after_a_quarter_of_an_hour(backend, why):
    if why == "it never started":
        backend.states.fail_with["start_execution"] = [client_error("ServiceUnavailable")] * 3
    approval_id = backend.ask()
    if why == "its execution failed":
        backend.states.statuses[approval_id] = "FAILED"
    backend.clock.turn(60 + 901)
    assert handed(backend)[1] == [("continue_turn", "start"), ("record_outcome", "record")]
    backend.record(approval_id, finished=False)
    approval = backend.approval(approval_id)
    assert (approval.status, bool(approval.told_at)) == ("failed", True)
    assert backend.turns(approval.conversation_id)[0]["status"] == "completed"
    assert handed(backend)[1] == []


def test_at_half_time_the_approvers_are_reminded_once(backend, account):
    approval_id = backend.ask()
    backend.open(approval_id)
    account.mails_of_all()
    backend.clock.turn(TIMEOUT_SECONDS / 2 - 1)
    assert handed(backend)[1] == []
    backend.clock.turn(1)
    assert handed(backend)[1] == [("request_approval", "remind")]
    assert backend.invoked[0][1]["approval_ids"] == [approval_id]
    carried_out(backend)
    assert set(account.mails_of_all()) == {"bob@example.com", "carol@example.com"}
    backend.clock.turn(60)
    assert handed(backend)[1] == []


def test_a_reminder_that_was_never_sent_does_not_hold_up_the_expiry(backend):
    backend.open(backend.ask())
    backend.clock.turn(TIMEOUT_SECONDS - 1)
    assert handed(backend)[1] == [("request_approval", "remind")]
    backend.clock.turn(1)
    assert handed(backend)[1] == [("decide_approval", "repair")]


def test_a_lease_that_is_due_is_handed_over_by_its_call(backend, account):
    leases = Leases(account, backend.clock)
    approval = leases.launched(hours=8)
    assert handed(backend)[1] == []
    backend.clock.turn(7 * 3600)
    found, steps = handed(backend)
    assert steps == [("end_lease", "step")]
    lease = {"approval_id": approval.id, "call_id": "call_1"}
    assert backend.invoked[0][1] == {"v": 2, "command": "step", "leases": [lease]}
    assert found["leases_overdue"] == 0
    backend.clock.turn(901)
    assert handed(backend)[0]["leases_overdue"] == 1


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
    assert steps == [("decide_approval", "repair"), ("record_outcome", "record")]
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
    backend.clock.turn(TELLING_SECONDS)
    assert handed(backend)[1] == [("record_outcome", "record")]
    assert backend.invoked[0][1] == {"v": 2, "command": "record", "approval_ids": [approval_id]}


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
        carried_out(backend)
        backend.clock.turn(60)
    approval = backend.approval(approval_id)
    assert approval.told_at
    assert approval.outcomes
    assert backend.turns(approval.conversation_id)[0]["status"] == "completed"
    assert handed(backend)[1] == []
    assert backend.ec2.requests == []


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
    assert found["found"] == 30
    assert steps == [("continue_turn", "start")] * 2
    batches = [payload["approval_ids"] for _, payload in backend.invoked]
    assert sorted(map(len, batches)) == [5, 25]
    assert len({one for batch in batches for one in batch}) == 30


def test_what_time_does_not_allow_waits_for_the_next_minute(backend):
    import functions.sweep.handler as room

    for _ in range(3):
        backend.states.fail_with["start_execution"] = [client_error("Throttling")]
        backend.ask()
    backend.clock.turn(60)
    room.handler({}, LambdaContext(5_000))
    assert backend.invoked == []
    assert handed(backend)[1] == [("continue_turn", "start")]


def test_late_work_is_counted_in_the_metrics_every_minute_even_when_there_is_none(backend, capsys):
    backend.sweep()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    figures = {name: line[name] for line in lines for name in line if name.endswith(FIGURES)}
    assert figures == {
        "ApprovalsOverdue": [0.0],
        "ApprovalsUnsettled": [0.0],
        "LeasesOverdue": [0.0],
    }


FIGURES = ("Overdue", "Unsettled")
NOW = 1_795_230_000


class ManyDue:
    """The sparse indexes, by table and partition: each query is a page of what fits into one megabyte."""

    def __init__(self, **entries):
        self.entries = entries
        self.queries = 0

    def query(self, *, TableName, ExpressionAttributeValues, ExclusiveStartKey=None, **_):
        self.queries += 1
        partition = ExpressionAttributeValues[":partition"]["S"]
        entries = self.entries.get(f"{TableName}_{partition}", [])
        begin = ExclusiveStartKey or 0
        answer = {"Items": entries[begin : begin + 3000]}
        return answer | ({"LastEvaluatedKey": begin + 3000} if begin + 3000 < len(entries) else {})


class Invocations:
    """Owners that take 10 ms to be invoked; `refuse` names those that cannot be."""

    def __init__(self, *refuse):
        self.refuse = refuse
        self.taken = []
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()

    def __call__(self, function, payload):
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.at_once, self.most_at_once)
        time.sleep(0.01)
        with self.lock:
            self.at_once -= 1
            if function in self.refuse:
                raise client_error("TooManyRequestsException", "Invoke")
            self.taken.append((function, payload))


def due(number, status, **more):
    return [
        {
            "pk": {"S": f"{status}-{index}"},
            "sk": {"S": "approval"},
            "status": {"S": status},
            "due_at": {"N": str(NOW - 60)},
            **more,
        }
        for index in range(number)
    ]


def flood():
    past = {"N": str(NOW - 60)}
    return ManyDue(
        approvals_yes=[
            *due(4000, "preparing"),
            *due(3000, "pending", expires_at=past),
            *due(1000, "expired", closed_at={"S": "then"}),
            *due(2000, "approved"),
        ],
        approvals_lease=[
            {"pk": {"S": f"a{index}"}, "sk": {"S": f"call#c{index}"}, "due_at": past}
            for index in range(2000)
        ],
        conversations_yes=[
            {"pk": {"S": f"U#alice#C#{index}"}, "sk": {"S": "T#00000001"}, "due_at": past}
            for index in range(100)
        ],
    )


def sweeping(backend, dynamodb, invoke):
    return Sweeping(backend.rooms["sweep"].settings, dynamodb, invoke, lambda: NOW)


def test_ten_thousand_unfinished_requests_are_each_handed_over_once_in_one_run(backend):
    table, owners = flood(), Invocations()
    began = time.monotonic()
    found = sweep(sweeping(backend, table, owners), seconds_left=lambda: 45.0)
    assert time.monotonic() - began < 20
    assert found["found"] == 12_100
    assert table.queries == 4 + 1 + 1
    handed_over = {}
    for function, payload in owners.taken:
        ids = payload.get("approval_ids") or payload.get("leases") or [payload]
        handed_over.setdefault((function, payload["command"]), []).extend(map(str, ids))
    assert {step: len(ids) for step, ids in handed_over.items()} == {
        ("continue_turn", "start"): 4000,
        ("decide_approval", "repair"): 5000,
        ("record_outcome", "record"): 3000,
        ("end_lease", "step"): 2000,
        ("continue_turn", "work"): 100,
    }
    assert all(len(set(ids)) == len(ids) for ids in handed_over.values())
    assert len(owners.taken) == (4000 + 5000 + 3000 + 2000) / 25 + 100
    assert 1 < owners.most_at_once <= 8


def test_a_flood_of_one_kind_starves_no_other(backend):
    """Time for three pages is time for one of each kind."""
    owners = Invocations()
    table = flood()
    reads = itertools.count(1)
    sweep(
        sweeping(backend, table, owners),
        seconds_left=lambda: 45.0 if next(reads) != 4 else 0.0,
    )
    assert table.queries == 3
    assert {payload["command"] for _, payload in owners.taken} == {"start", "step", "work"}


def test_an_owner_that_cannot_be_invoked_holds_up_no_other_and_fails_the_run(backend):
    owners = Invocations("decide_approval")
    with pytest.raises(HandoverFailed, match="200 invocations"):
        sweep(sweeping(backend, flood(), owners), seconds_left=lambda: 45.0)
    taken = {function for function, _ in owners.taken}
    assert taken == {"continue_turn", "record_outcome", "end_lease"}


def test_owners_that_are_too_slow_do_not_outlive_the_run(backend):
    over = threading.Event()

    def hang(function, payload):
        over.wait(10)

    reads = itertools.count(1)
    try:
        with pytest.raises(HandoverFailed):
            sweep(
                sweeping(backend, flood(), hang),
                seconds_left=lambda: 45.0 if next(reads) < 8 else 0.05,
            )
    finally:
        over.set()


def test_an_index_that_cannot_be_read_fails_after_handing_over_what_was_found(backend):
    table, owners = flood(), Invocations()
    query = table.query

    def failing(**request):
        if table.queries == 3:
            raise client_error("InternalServerError", "Query")
        return query(**request)

    table.query = failing
    with pytest.raises(ClientError):
        sweep(sweeping(backend, table, owners), seconds_left=lambda: 45.0)
    assert sum(len(payload.get("approval_ids", ())) for _, payload in owners.taken) == 3000
