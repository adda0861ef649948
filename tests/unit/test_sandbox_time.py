"""How long code may run of what its caller has: whatever the numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.ask_sandbox.time_left import (
    BESIDE_SECONDS,
    LEAST_SECONDS,
    TimeLeft,
    allowed_seconds,
    waiting_seconds,
)

LEFT = st.floats(-100, 1000)
MOST = st.integers(1, 60)


@given(LEFT, MOST)
def test_code_never_gets_more_than_the_operator_allows_or_the_caller_has(left, most):
    seconds = allowed_seconds(left, most)
    if seconds is not None:
        assert 0 < seconds <= most
        assert seconds + BESIDE_SECONDS <= left + 1e-9


@given(LEFT, MOST)
def test_a_run_begins_only_where_it_has_its_least(left, most):
    least = min(LEAST_SECONDS, most)
    assert (allowed_seconds(left, most) is None) == (left - BESIDE_SECONDS < least)


@given(MOST, st.floats(0, 1000))
def test_with_time_enough_code_gets_all_of_it(most, more):
    assert allowed_seconds(most + BESIDE_SECONDS + more, most) == most


@given(LEFT, MOST)
def test_the_answer_is_waited_for_longer_than_the_code_may_run_and_within_the_caller_s_time(
    left, most
):
    seconds = allowed_seconds(left, most)
    if seconds is not None:
        assert seconds < waiting_seconds(left, most) < left


@pytest.mark.parametrize(
    ("left", "seconds"), [(38, 30), (37, 29), (11, 3), (10.9, None), (0, None), (-5, None)]
)
def test_as_the_contract_says_it(left, seconds):
    assert allowed_seconds(left, 30) == seconds


def test_all_calls_of_one_answer_share_one_end():
    now = [100.0]
    time_left = TimeLeft.of(20, clock=lambda: now[0])
    assert time_left.seconds() == 20
    now[0] = 115.0
    assert time_left.seconds() == 5
    now[0] = 125.0
    assert time_left.seconds() == -5
