"""Launches of a day and living instances of a target: conditions of the ledger's transaction, before AWS is asked."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from functions.launch_instance.ec2_errors import LaunchAmbiguous
from functions.shared.aws import client
from functions.shared.budgets import LaunchBudgets, instance_ended_parts
from functions.shared.errors import TemporarilyUnavailable
from tests.support.account import BUDGETS
from tests.support.budgeted import asking, item, live, opened, used
from tests.support.clock import START
from tests.support.fake_model import INSTANCE
from tests.support.fake_states import client_error
from tests.support.leases import CALL_ID, Leases


def launched(budgets, call_id, *, sub="sub-alice", at=START):
    """Whether the ledger's transaction with these parts goes through; else why not."""
    parts = budgets.launch_parts(sub, target="t", approval_id="a", call_id=call_id, now=at)
    try:
        client("dynamodb").transact_write_items(TransactItems=parts)
    except client("dynamodb").exceptions.TransactionCanceledException as error:
        return budgets.why_refused(error.response["CancellationReasons"], target="t")
    return True


def test_i4_launches_of_a_day_and_living_instances_of_a_target_have_an_end(account):
    budgets = LaunchBudgets(table=BUDGETS, launches=3, live_instances=2)
    assert launched(budgets, "c1") is True
    assert launched(budgets, "c2") is True
    assert "2 instances live in t" in launched(budgets, "c3")
    assert "2 instances live in t" in launched(budgets, "c3", sub="sub-dave")
    for _ in range(2):
        ended = instance_ended_parts(BUDGETS, "t", "a", "c1")
        client("dynamodb").transact_write_items(TransactItems=ended)
    assert launched(budgets, "c3") is True
    client("dynamodb").transact_write_items(
        TransactItems=instance_ended_parts(BUDGETS, "t", "a", "c2")
    )
    assert "budget of 3 launches" in launched(budgets, "c4")
    assert launched(budgets, "c4", at=START + timedelta(days=1)) is True
    assert set(item("live#t")["calls"]["SS"]) == {"a#c3", "a#c4"}


def approved(backend, number=0):
    approval_id = asking(backend, number).json["approval"]["id"]
    backend.open(approval_id)
    assert backend.decide(approval_id).status == 200
    return approval_id


def test_a_launch_takes_a_place_and_closing_frees_the_open_request(limited):
    backend = limited()
    approval_id = approved(backend)
    assert opened(backend) == {approval_id}
    for _ in range(2):
        assert backend.launch(approval_id)["status"] == "succeeded"
    [call_id] = [one["id"] for one in backend.approval(approval_id).calls()]
    assert live() == {f"{approval_id}#{call_id}"}
    assert used(backend)["launches"] == 1
    for _ in range(2):
        backend.record(approval_id)
    assert opened(backend) == set()


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        ({"launches": 1}, "The requester has used today's budget of 1 launch;"),
        ({"live_instances": 1}, "1 instance lives in default"),
    ],
)
def test_i4_a_launch_over_budget_is_denied_and_told(limited, limits, sentence):
    backend = limited(**limits)
    first, second = approved(backend), approved(backend, 1)
    assert backend.launch(first)["status"] == "succeeded"
    for _ in range(2):
        assert backend.launch(second)["status"] == "denied"
    backend.record(second)
    [turn] = backend.turns(backend.approval(second).conversation_id)
    assert turn["tool_calls"][0]["status"] == "denied"
    assert turn["reply"].startswith(sentence)
    assert turn["reply"].endswith("Nothing was started.")
    assert len(backend.ec2.instances()) == 1
    assert len(live()) == 1


def test_a_launch_that_aws_refuses_frees_its_place_and_is_a_launch_all_the_same(limited):
    backend = limited()
    approval_id = approved(backend)
    backend.ec2.faults.append(client_error("InvalidAMIID.NotFound"))
    assert backend.launch(approval_id)["status"] == "failed"
    assert live() == set()
    assert used(backend)["launches"] == 1


def test_i4_launches_at_once_do_not_pass_the_budget_together(limited):
    backend = limited(live_instances=2)
    approvals = [approved(backend, number) for number in range(6)]
    with ThreadPoolExecutor(6) as threads:
        statuses = [one["status"] for one in threads.map(backend.launch, approvals)]
    assert (statuses.count("succeeded"), statuses.count("denied")) == (2, 4)
    assert len(backend.ec2.instances()) == 2


def test_launches_that_aws_never_took_free_their_places_when_the_request_closes(limited):
    backend = limited(live_instances=5)
    approval_id = backend.ask(INSTANCE, {**INSTANCE, "key_name": "other"})
    backend.open(approval_id)
    assert backend.decide(approval_id).status == 200
    for one in backend.approval(approval_id).calls():
        backend.ec2.faults = [client_error("RequestLimitExceeded", status=503)]
        with pytest.raises(TemporarilyUnavailable):
            backend.launch(approval_id, one["id"])
    assert len(live()) == 2
    backend.record(approval_id)
    assert live() == set()


def test_a_launch_that_may_have_started_something_keeps_its_place(limited):
    backend = limited(live_instances=5)
    approval_id = approved(backend)
    backend.ec2.faults = [client_error("InternalError", status=500)]
    with pytest.raises(LaunchAmbiguous):
        backend.launch(approval_id)
    backend.record(approval_id)
    assert len(live()) == 1


def test_the_end_of_a_lease_frees_its_place(account):
    leases = Leases(account)
    approval = leases.launched(hours=8)
    parts = LaunchBudgets(table=BUDGETS, launches=9, live_instances=9).launch_parts(
        approval.requester.sub,
        target="default",
        approval_id=approval.id,
        call_id=CALL_ID,
        now=START,
    )
    client("dynamodb").transact_write_items(TransactItems=parts)
    for hours, places in ((7, 1), (1, 1), (7 * 24, 0)):
        leases.clock.turn(hours * 3600)
        leases.step(approval)
        assert len(live()) == places
