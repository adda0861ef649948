"""The operations that stop and terminate: what they take, what people read of them, what they do to a lease."""

import pytest

from functions.shared.end_instances import ENDINGS, STOP, TERMINATE
from functions.shared.lease import HOUR, KEPT_SECONDS, Lease, LeaseState, LeaseStep, NotEndable
from functions.shared.plan_words import sentence_of
from functions.shared.run_instances import BadArguments

INSTANCE = "i-0123456789abcdef0"
CALL = {"arguments": {"instance_id": INSTANCE}}
BEGAN = 1_795_230_000


def lease(state, **more):
    return Lease(state=state, began_at=BEGAN, ends_at=BEGAN + 8 * HOUR, **more)


@pytest.mark.parametrize("ending", [STOP, TERMINATE])
def test_what_is_planned_names_the_one_instance_that_was_asked_for(ending):
    planned = ending.planned(CALL["arguments"], {"SubnetId": "subnet-12345678"})
    assert planned == {"InstanceIds": [INSTANCE]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"instance_id": "i-123"},
        {"instance_id": "і-0123456789abcdef0"},
        {"instance_id": f"{INSTANCE}\n"},
        {"instance_id": [INSTANCE]},
        {"instance_id": f"{INSTANCE},{INSTANCE}"},
        {"instance_id": ""},
        {"Force": True},
        {"DryRun": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("ending", [STOP, TERMINATE])
def test_anything_else_is_refused_with_what_would_be_right(ending, wrong):
    with pytest.raises(BadArguments) as caught:
        ending.check({**CALL["arguments"], **wrong})
    assert str(caught.value).startswith(f"{next(iter(wrong))} must be ")


def test_people_read_what_happens_in_our_words():
    assert STOP.summary(CALL) == f"Stop {INSTANCE}"
    assert TERMINATE.summary(CALL) == f"Terminate {INSTANCE}"
    assert f"Instance: {INSTANCE}\n" in STOP.confirmation(CALL)
    assert "Nobody can bring it back" in TERMINATE.confirmation(CALL)
    plan = {
        "account": "123456789012",
        "region": "us-east-1",
        "calls": [{"operation": operation, **CALL} for operation in ENDINGS],
    }
    assert sentence_of(plan) == (
        f"Stop {INSTANCE} and terminate {INSTANCE} in 123456789012, us-east-1."
    )


def test_a_hostile_value_cannot_forge_a_line():
    text = STOP.confirmation({"arguments": {"instance_id": "i-0\nInstance: i-1"}})
    assert text.count("\nInstance: ") == 1


@pytest.mark.parametrize(
    ("state", "stopped_at", "step", "then"),
    [
        ("running", None, "stop", "stopping"),
        ("warned", None, "stop", "stopping"),
        ("stopping", None, "stop", "stopping"),
        ("stopped", BEGAN, "stop", "stopped"),
        ("running", None, "terminate", "terminating"),
        ("stopping", None, "terminate", "terminating"),
        ("stopped", BEGAN, "terminate", "terminating"),
        ("terminating", BEGAN, "terminate", "terminating"),
        ("terminated", None, "terminate", "terminated"),
    ],
)
def test_a_person_may_ask_for_a_step_before_its_time(state, stopped_at, step, then):
    before = lease(LeaseState(state), stopped_at=stopped_at)
    after = before.on_request(LeaseStep(step))
    assert after.state == then
    assert (after.ends_at, after.stopped_at) == (before.ends_at, stopped_at)


@pytest.mark.parametrize(
    ("state", "step"),
    [
        ("terminating", "stop"),
        ("terminated", "stop"),
        ("gone", "stop"),
        ("refused", "stop"),
        ("gone", "terminate"),
        ("refused", "terminate"),
    ],
)
def test_what_is_over_or_not_ours_is_not_ended_again(state, step):
    with pytest.raises(NotEndable):
        lease(LeaseState(state)).on_request(LeaseStep(step))


@pytest.mark.parametrize(
    ("state", "stopped_at", "before"),
    [
        ("stopping", None, "running"),
        ("terminating", None, "running"),
        ("terminating", BEGAN, "stopped"),
        ("running", None, "running"),
    ],
)
def test_a_refusal_of_ec2_puts_the_lease_back_where_it_was(state, stopped_at, before):
    assert lease(LeaseState(state), stopped_at=stopped_at).not_taken().state == before


def test_a_termination_that_was_lost_is_made_up_for_at_the_end_of_the_lease():
    lost = lease(LeaseState.RUNNING).on_request(LeaseStep.TERMINATE)
    assert lost.step_at(BEGAN + 8 * HOUR - 1) is None
    assert lost.step_at(BEGAN + 8 * HOUR) is LeaseStep.TERMINATE
    of_stopped = lease(LeaseState.STOPPED, stopped_at=BEGAN).on_request(LeaseStep.TERMINATE)
    assert of_stopped.due_at() == BEGAN + KEPT_SECONDS
