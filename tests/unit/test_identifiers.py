"""Ids that cannot be guessed, times that can be read back."""

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from functions.shared.identifiers import is_id, moment, new_id, timestamp


def test_an_id_has_128_random_bits_and_one_spelling():
    made = {new_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(is_id(one) for one in made)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.integers(-14, 14))  # noqa: DTZ001
def test_a_time_is_written_in_utc_to_the_second_and_read_back(naive, hours):
    there = naive.replace(microsecond=0, tzinfo=timezone(timedelta(hours=hours)))
    assert moment(timestamp(there)) == there
    assert timestamp(there).endswith("Z")
