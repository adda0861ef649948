"""A lease in any order of minutes, extensions and crashes: never stopped early, never twice, never shortened."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.lease import (
    HOUR,
    KEPT_SECONDS,
    LIVING,
    LONGEST_SECONDS,
    OVER,
    Lease,
    LeaseState,
    LeaseStep,
    NotEndable,
    NotExtendable,
)

BEGAN = 1_795_230_000
EIGHT_HOURS = Lease(state=LeaseState.RUNNING, began_at=BEGAN, ends_at=BEGAN + 8 * HOUR)


def in_state(state, **more):
    values = {"began_at": BEGAN, "ends_at": BEGAN + 8 * HOUR, **more}
    return Lease(state=state, **values)


@pytest.mark.parametrize(
    ("lease", "at", "step"),
    [
        (EIGHT_HOURS, 7 * HOUR - 1, None),
        (EIGHT_HOURS, 7 * HOUR, LeaseStep.WARN),
        (EIGHT_HOURS, 8 * HOUR - 1, LeaseStep.WARN),
        (EIGHT_HOURS, 8 * HOUR, LeaseStep.STOP),
        (in_state(LeaseState.WARNED), 8 * HOUR - 1, None),
        (in_state(LeaseState.WARNED), 8 * HOUR, LeaseStep.STOP),
        (in_state(LeaseState.STOPPING), 8 * HOUR, LeaseStep.STOP),
        (in_state(LeaseState.STOPPED, stopped_at=BEGAN), KEPT_SECONDS - 1, None),
        (in_state(LeaseState.STOPPED, stopped_at=BEGAN), KEPT_SECONDS, LeaseStep.TERMINATE),
        (in_state(LeaseState.TERMINATING, stopped_at=BEGAN), KEPT_SECONDS, LeaseStep.TERMINATE),
        *((in_state(state), 10**9, None) for state in sorted(OVER)),
    ],
    ids=str,
)
def test_what_is_due_is_due_at_its_second_and_not_before(lease, at, step):
    assert lease.step_at(BEGAN + at) == step


def test_an_end_that_was_missed_is_a_stop_and_the_seven_days_count_from_it():
    late = BEGAN + 20 * HOUR
    stopped = EIGHT_HOURS.taking(LeaseStep.STOP).after(LeaseStep.STOP, late)
    assert stopped.due_at() == late + KEPT_SECONDS


def test_a_warning_is_given_again_after_an_extension():
    warned = EIGHT_HOURS.after(LeaseStep.WARN, BEGAN + 7 * HOUR)
    extended = warned.extended(8, BEGAN + 7 * HOUR)
    assert extended.step_at(BEGAN + 8 * HOUR) is None
    assert extended.step_at(BEGAN + 15 * HOUR) is LeaseStep.WARN


@pytest.mark.parametrize("state", sorted(set(LeaseState) - LIVING))
def test_a_lease_that_has_ended_is_not_extended(state):
    with pytest.raises(NotExtendable, match="has ended"):
        in_state(state, stopped_at=BEGAN).extended(8, BEGAN)


def test_a_lease_reaches_thirty_days_and_not_an_hour_more():
    almost = in_state(LeaseState.RUNNING, ends_at=BEGAN + LONGEST_SECONDS - HOUR)
    assert almost.extended(1, BEGAN).ends_at == BEGAN + LONGEST_SECONDS
    with pytest.raises(NotExtendable, match="30 days"):
        almost.extended(2, BEGAN)


@pytest.mark.parametrize("hours", [0, -1])
def test_an_extension_is_no_way_to_shorten(hours):
    with pytest.raises(NotExtendable):
        EIGHT_HOURS.extended(hours, BEGAN)


MINUTES = st.integers(min_value=0, max_value=12 * 24 * 60)
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("minute"), MINUTES),
        st.tuples(st.just("claim only"), MINUTES),
        st.tuples(st.just("extend"), st.integers(min_value=-2, max_value=80)),
    ),
    max_size=40,
)


@given(hours=st.integers(min_value=1, max_value=720), events=EVENTS)
def test_in_no_order_is_an_instance_stopped_early_or_twice_and_extensions_only_move_the_end_later(
    hours, events
):
    lease = Lease(state=LeaseState.RUNNING, began_at=BEGAN, ends_at=BEGAN + hours * HOUR)
    now, done = BEGAN, []
    for kind, number in events:
        if kind == "extend":
            before = lease
            try:
                lease = lease.extended(number, now)
            except NotExtendable:
                continue
            assert before.state in LIVING
            assert lease.ends_at > max(before.ends_at, now)
            assert lease.ends_at <= BEGAN + LONGEST_SECONDS
            continue
        now += number * 60
        step = lease.step_at(now)
        if step is None:
            continue
        lease = lease.taking(step)
        if kind == "claim only":
            assert step is LeaseStep.WARN or lease.step_at(now) is step
            continue
        if step is LeaseStep.WARN:
            assert now >= lease.ends_at - HOUR
        if step is LeaseStep.STOP:
            assert now >= lease.ends_at
        if step is LeaseStep.TERMINATE:
            assert lease.stopped_at is not None
            assert now >= lease.stopped_at + KEPT_SECONDS
        lease = lease.after(step, now)
        done.append(step)
    assert done.count(LeaseStep.STOP) <= 1
    assert done.count(LeaseStep.TERMINATE) <= done.count(LeaseStep.STOP)


@given(hours=st.integers(min_value=1, max_value=720), pause=st.integers(1, 10_000))
def test_looked_at_every_so_often_every_lease_reaches_its_end(hours, pause):
    lease = Lease(state=LeaseState.RUNNING, began_at=BEGAN, ends_at=BEGAN + hours * HOUR)
    now = BEGAN
    for _ in range(4):
        due_at = lease.due_at()
        if due_at is None:
            break
        now = max(now, due_at) + pause
        step = lease.step_at(now)
        assert step is not None
        lease = lease.taking(step).after(step, now)
    assert lease.state is LeaseState.TERMINATED


@pytest.mark.parametrize("state", sorted(set(LeaseState) - OVER))
def test_what_the_operator_ends_is_due_for_its_termination_at_once(state):
    now = BEGAN + 100
    ended = in_state(state, stopped_at=BEGAN + 50).ended_at_once(now)
    assert (ended.due_at(), ended.step_at(now)) == (now, LeaseStep.TERMINATE)


@pytest.mark.parametrize("state", sorted(OVER))
def test_a_lease_that_is_over_is_ended_by_nobody(state):
    with pytest.raises(NotEndable):
        in_state(state).ended_at_once(BEGAN)
