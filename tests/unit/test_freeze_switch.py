"""The freeze switch as it is stored: readable in one way, or not at all."""

import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.freeze import (
    NOT_FROZEN,
    Freeze,
    FreezeUnreadable,
    parse_freeze,
    read_freeze,
)
from tests.support.fake_states import client_error

FROZEN = Freeze(frozen=True, reason="incident 7", by="Olga", at="2026-11-21T03:00:00Z")


def test_a_new_stack_s_value_is_not_frozen():
    assert parse_freeze(NOT_FROZEN) == Freeze(frozen=False)
    assert parse_freeze(NOT_FROZEN).sentence() == ""


@given(st.booleans(), st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=100))
def test_what_is_written_is_read_back_and_fits_into_a_parameter(frozen, reason, by):
    freeze = Freeze(frozen=frozen, reason=reason, by=by, at="2026-11-21T03:00:00Z")
    try:
        text = freeze.value()
        size = len(text.encode())
    except UnicodeEncodeError:
        return
    assert parse_freeze(text) == freeze
    assert size < 4096


def test_frozen_says_who_when_and_why():
    assert FROZEN.sentence() == (
        'Launches are frozen by Olga since 2026-11-21T03:00:00Z: "incident 7".'
    )


@pytest.mark.parametrize(
    "text",
    [
        "", "false", "{}", "[]", "null", '"frozen"', "frozen",
        '{"frozen":"false"}', '{"frozen":0}', '{"frozen":null}',
        '{"frozen":true,"frozen":false}', '{"frozen":false,"more":1}',
        '{"frozen":true}', '{"frozen":true,"reason":"x","by":"","at":"y"}',
        '{"frozen":true,"reason":1,"by":"x","at":"y"}', '{"frozen":false} x', "[" * 100_000,
    ],
    ids=lambda text: text[:30],
)  # fmt: skip
def test_anything_else_cannot_be_read(text):
    with pytest.raises(FreezeUnreadable):
        parse_freeze(text)


@pytest.mark.parametrize(
    "error",
    [client_error("ParameterNotFound"), client_error("AccessDeniedException"),
     client_error("ThrottlingException"), EndpointConnectionError(endpoint_url="x")],
    ids=lambda error: type(error).__name__ + str(error)[-30:],
)  # fmt: skip
def test_a_switch_that_is_not_answered_cannot_be_read(error):
    class Ssm:
        def get_parameter(self, **_):
            raise error

    with pytest.raises(FreezeUnreadable):
        read_freeze(Ssm(), "/countersign/freeze")


def test_the_switch_is_asked_anew_each_time():
    class Ssm:
        values = [NOT_FROZEN, FROZEN.value()]

        def get_parameter(self, *, Name):
            assert Name == "/countersign/freeze"
            return {"Parameter": {"Value": self.values.pop(0)}}

    ssm = Ssm()
    assert not read_freeze(ssm, "/countersign/freeze").frozen
    assert read_freeze(ssm, "/countersign/freeze") == FROZEN
