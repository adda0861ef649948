"""Idempotency keys and the fingerprints of bodies."""

import pytest

from functions.chat.idempotency import fingerprint, key_of
from functions.shared.errors import BadRequest


@pytest.mark.parametrize(
    "header", ["", " ", "a b", "a\n", "é", "x" * 201, "\x00", "a\tb"], ids=ascii
)
def test_a_key_is_printable_and_short(header):
    with pytest.raises(BadRequest):
        key_of(header)


def test_keys_and_bodies_have_short_names_of_their_own():
    assert key_of("a") != key_of("A")
    assert len(key_of("x" * 200)) == 32
    assert fingerprint({"a": 1, "b": None}) == fingerprint({"b": None, "a": 1})
    assert fingerprint({"message": "a"}) != fingerprint({"message": "a "})
