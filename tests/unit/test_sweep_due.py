"""What the sweep hands over, to whom."""

import pytest

from functions.sweep.due import Step, is_overdue, is_unsettled, steps_for
from tests.support.approvals import APPROVAL_ID
from tests.support.clock import START

NOW = int(START.timestamp())


def entry(status, *, due=-1, **more):
    return {
        "pk": {"S": APPROVAL_ID},
        "status": {"S": status},
        "due_at": {"N": str(NOW + due)},
        **{name: {"S": value} for name, value in more.items()},
    }


START_IT = (Step.CONTINUE_TURN, {"v": 1, "command": "start", "approval_id": APPROVAL_ID})
REPAIR_IT = (Step.DECIDE_APPROVAL, {"v": 1, "command": "repair", "approval_id": APPROVAL_ID})
RECORD_IT = (Step.RECORD_OUTCOME, {"v": 1, "approval_id": APPROVAL_ID})


@pytest.mark.parametrize(
    ("item", "steps"),
    [
        (entry("preparing"), [START_IT]),
        (entry("preparing", due=-600), [START_IT]),
        (entry("preparing", due=-601), [START_IT, RECORD_IT]),
        (entry("pending"), [REPAIR_IT]),
        (entry("approved"), [REPAIR_IT, RECORD_IT]),
        (entry("rejected"), [REPAIR_IT, RECORD_IT]),
        (entry("expired"), [REPAIR_IT, RECORD_IT]),
        (entry("cancelled"), [REPAIR_IT, RECORD_IT]),
        (entry("failed"), [REPAIR_IT, RECORD_IT]),
        (entry("denied"), [REPAIR_IT, RECORD_IT]),
        (entry("approved", closed_at="2026-11-21T03:00:00Z"), [RECORD_IT]),
    ],
    ids=lambda value: value["status"]["S"] if isinstance(value, dict) else "",
)
def test_each_state_is_handed_to_the_owner_of_its_next_step(item, steps):
    assert list(steps_for(item, NOW)) == steps


@pytest.mark.parametrize(
    ("item", "overdue", "unsettled"),
    [
        (entry("pending", due=-300), False, False),
        (entry("pending", due=-301), True, False),
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
