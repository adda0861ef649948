"""The operation that extends a lease: what it takes, what people read of it."""

import pytest

from functions.shared import extend_lease
from functions.shared.run_instances import BadArguments

EXTENSION = {"instance_id": "i-0123456789abcdef0", "hours": 8}
CALL = {"arguments": EXTENSION}


def test_what_is_planned_is_what_was_asked():
    assert extend_lease.planned(EXTENSION, {"SubnetId": "subnet-12345678"}) == EXTENSION


@pytest.mark.parametrize(
    "wrong",
    [
        {"instance_id": "i-123"},
        {"instance_id": "і-0123456789abcdef0"},
        {"instance_id": "i-0123456789abcdef0\n"},
        {"instance_id": ["i-0123456789abcdef0"]},
        {"hours": 0},
        {"hours": 73},
        {"hours": -1},
        {"hours": "8"},
        {"hours": 8.0},
        {"hours": True},
        {"DryRun": True},
    ],
    ids=str,
)
def test_anything_else_is_refused_with_what_would_be_right(wrong):
    with pytest.raises(BadArguments) as caught:
        extend_lease.check({**EXTENSION, **wrong})
    assert str(caught.value).startswith(f"{next(iter(wrong))} must be ")


def test_people_read_instance_and_hours_in_our_words():
    assert extend_lease.summary(CALL) == "Extend the lease of i-0123456789abcdef0 by 8 h"
    assert "Instance: i-0123456789abcdef0\nHours: 8\n" in extend_lease.confirmation(CALL)
    assert [(fact["label"], fact["value"]) for fact in extend_lease.facts(CALL)] == [
        ("Instance", "i-0123456789abcdef0"),
        ("Hours", "8"),
    ]


def test_a_hostile_value_cannot_forge_a_line():
    text = extend_lease.confirmation({"arguments": {"instance_id": "i-0\nHours: 1", "hours": 72}})
    assert text.count("\nHours: ") == 1
