"""What the sweep hands over, to whom."""

import pytest

from functions.sweep.due import (
    Step,
    is_lease_overdue,
    is_overdue,
    is_unsettled,
    lease_key,
    steps_for,
)
from tests.support.approvals import APPROVAL_ID
from tests.support.clock import START

NOW = int(START.timestamp())


def entry(status, *, due=-1, expires_in=None, **more):
    expiry = {} if expires_in is None else {"expires_at": {"N": str(NOW + expires_in)}}
    return {
        "pk": {"S": APPROVAL_ID},
        "status": {"S": status},
        "due_at": {"N": str(NOW + due)},
        **expiry,
        **{name: {"S": value} for name, value in more.items()},
    }


@pytest.mark.parametrize(
    ("item", "steps"),
    [
        (entry("preparing"), [Step.START]),
        (entry("preparing", due=-900), [Step.START]),
        (entry("preparing", due=-901), [Step.START, Step.RECORD]),
        (entry("pending"), [Step.REPAIR]),
        (entry("pending", expires_in=1), [Step.REMIND]),
        (entry("pending", expires_in=0), [Step.REPAIR]),
        (entry("pending", due=-3600, expires_in=-1), [Step.REPAIR]),
        (entry("approved"), [Step.REPAIR, Step.RECORD]),
        (entry("approved", expires_in=1800), [Step.REPAIR, Step.RECORD]),
        (entry("rejected"), [Step.REPAIR, Step.RECORD]),
        (entry("expired"), [Step.REPAIR, Step.RECORD]),
        (entry("cancelled"), [Step.REPAIR, Step.RECORD]),
        (entry("failed"), [Step.REPAIR, Step.RECORD]),
        (entry("denied"), [Step.REPAIR, Step.RECORD]),
        (entry("approved", closed_at="2026-11-21T03:00:00Z"), [Step.RECORD]),
    ],
    ids=lambda value: value["status"]["S"] if isinstance(value, dict) else "",
)
def test_each_state_is_handed_to_the_owner_of_its_next_step(item, steps):
    assert list(steps_for(item, NOW)) == steps


def test_a_lease_is_handed_over_by_its_call():
    item = {"pk": {"S": APPROVAL_ID}, "sk": {"S": "call#call_7"}, "due_at": {"N": "1"}}
    assert lease_key(item) == {"approval_id": APPROVAL_ID, "call_id": "call_7"}


@pytest.mark.parametrize(("due", "overdue"), [(-1, False), (-900, False), (-901, True)])
def test_a_lease_s_step_that_is_a_quarter_of_an_hour_late_is_counted(due, overdue):
    assert is_lease_overdue({"due_at": {"N": str(NOW + due)}}, NOW) is overdue


@pytest.mark.parametrize(
    ("item", "overdue", "unsettled"),
    [
        (entry("pending", due=-300), False, False),
        (entry("pending", due=-301), True, False),
        (entry("pending", due=-1800, expires_in=1800), False, False),
        (entry("pending", due=-1800, expires_in=-300), False, False),
        (entry("pending", due=-1800, expires_in=-301), True, False),
        (entry("preparing", due=-300), False, False),
        (entry("preparing", due=-301), True, False),
        (entry("approved", due=-300), False, False),
        (entry("approved", due=-301), False, True),
        (entry("expired", due=-301), False, True),
        (entry("approved", due=-301, closed_at="x"), False, False),
    ],
)
def test_what_is_late_by_more_than_five_minutes_is_counted(item, overdue, unsettled):
    assert (is_overdue(item, NOW), is_unsettled(item, NOW)) == (overdue, unsettled)
