"""A few faults and orders that the guards of once and never stand against; always the same ones."""

import pytest

from functions.shared.audit import AuditTable, entry_after
from functions.shared.aws import client
from tests.support.clock import START
from tests.sweeps import crash, races
from tests.sweeps.gate import Fault
from tests.sweeps.promises import Expected, violations
from tests.sweeps.runner import tried
from tests.sweeps.stage import stage
from tests.sweeps.stories import STORIES

MORE = {"approve-reject": 16}
"""Seeds, where only a few of the orders would tell."""


@pytest.fixture(scope="module")
def one_stage(tmp_path_factory):
    with stage(tmp_path_factory.mktemp("stage")) as made:
        yield made


@pytest.fixture(scope="module")
def points(one_stage):
    return crash.record(one_stage, STORIES["approved"])


@pytest.mark.parametrize("name", STORIES)
def test_a_story_without_faults_keeps_every_promise(one_stage, name):
    assert crash.record(one_stage, STORIES[name])


@pytest.mark.parametrize("name", races.RACES)
def test_orders_that_once_mattered_keep_every_promise(one_stage, name):
    for seed in range(MORE.get(name, 3)):
        assert tried(one_stage, f"race/{name}/{seed}") == []


@pytest.mark.parametrize("mode", ["throttle", "fail-after", "time-out-after-effect"])
@pytest.mark.parametrize(
    "call",
    [
        "stepfunctions.StartExecution",
        "stepfunctions.SendTaskSuccess",
        "ec2.RunInstances",
        "kms.VerifyMac",
        "cognito-idp.ListUsersInGroup",
    ],
)
def test_a_call_that_fails_once_is_made_good(one_stage, points, call, mode):
    for point in [one for one in points if one.call == call]:
        world = crash.told(one_stage, STORIES["approved"], Fault(point.number, mode))
        assert violations(world, Expected("approved", 1, mails_each=2)) == []


def test_an_audit_row_that_stands_is_not_written_over(one_stage):
    crash.told(one_stage, STORIES["approved"])
    [approval_id] = one_stage.world.engine.executions
    dynamodb = client("dynamodb")
    entry = entry_after(
        "", approval_id=approval_id, number=1, event="x", actor="x", details={}, now=START
    )
    put = AuditTable(dynamodb, "audit").put_item(entry)
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(TransactItems=[put])
