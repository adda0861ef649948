"""Instances of this stack that the ledger does not know: found every hour, told, and left alone."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from functions.shared.aws import client
from functions.shared.lease import HOUR
from tests.support.account import APPROVALS, STACK
from tests.support.leases import Leases


@pytest.fixture
def leases(account):
    """An hour after every launch: moto dates them by this machine's clock."""
    made = Leases(account)
    made.clock.now = datetime.now(UTC) + timedelta(hours=1)
    return made


def tags(approval_id, call_id="call_1", stack=STACK):
    return {
        "countersign:approval": approval_id,
        "countersign:call": call_id,
        "countersign:stack": stack,
    }


def forget(approval, sk="call#call_1"):
    client("dynamodb").delete_item(
        TableName=APPROVALS, Key={"pk": {"S": approval.id}, "sk": {"S": sk}}
    )


def test_what_the_ledger_names_is_no_stray_and_the_figure_is_written_all_the_same(leases, capsys):
    leases.launched(call_ids=("call_1", "call_2"))
    assert leases.strays() == []
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["StraysFound"] for line in lines if "StraysFound" in line] == [[0.0]]


def test_a_table_restored_to_before_the_launch_leaves_a_stray(leases, capsys, caplog):
    approval = leases.launched()
    instance_id = leases.of(approval).instance_id
    forget(approval)
    assert leases.strays() == [instance_id]
    assert leases.ec2.changes == []
    assert leases.ec2.state(instance_id) == "running"
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["StraysFound"] for line in lines if "StraysFound" in line] == [[1.0]]
    [told] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert (told.instance_id, told.approval_id) == (instance_id, approval.id)


def test_an_instance_that_was_launched_without_a_lease_is_known(leases):
    approval = leases.launched()
    client("dynamodb").update_item(
        TableName=APPROVALS,
        Key={"pk": {"S": approval.id}, "sk": {"S": "call#call_1"}},
        UpdateExpression="REMOVE lease_state, lease_ends_at, unfinished, due_at",
    )
    assert leases.strays() == []


def test_a_row_that_names_another_instance_makes_a_stray(leases):
    approval = leases.launched()
    twin = leases.instance(**tags(approval.id))
    assert leases.strays() == [twin]


@pytest.mark.parametrize(
    "wrong",
    [
        {"countersign:stack": STACK},
        tags("not an id"),
        tags("abcdefghijklmnopqrstuvwxyz", ""),
        tags("abcdefghijklmnopqrstuvwxyz", "call#x"),
    ],
    ids=str,
)
def test_tags_that_lead_nowhere_make_a_stray(leases, wrong):
    stray = leases.instance(**wrong)
    assert leases.strays() == [stray]


def test_an_instance_whose_lease_was_refused_is_a_stray_once_it_has_its_tags_again(leases):
    approval = leases.launched()
    instance_id = leases.of(approval).instance_id
    own = {"Key": "countersign:approval", "Value": approval.id}
    client("ec2").delete_tags(Resources=[instance_id], Tags=[{"Key": own["Key"]}])
    leases.clock.turn(8 * HOUR)
    leases.step(approval)
    client("ec2").create_tags(Resources=[instance_id], Tags=[own])
    assert leases.strays() == [instance_id]


@pytest.mark.parametrize("state", ["stopped", "running"])
def test_stopped_ones_count_and_terminated_ones_do_not(leases, state):
    approval = leases.launched()
    instance_id = leases.of(approval).instance_id
    if state == "stopped":
        client("ec2").stop_instances(InstanceIds=[instance_id])
    forget(approval)
    assert leases.strays() == [instance_id]
    client("ec2").terminate_instances(InstanceIds=[instance_id])
    assert leases.strays() == []


def test_other_stacks_and_untagged_instances_are_not_ours(leases):
    leases.instance()
    leases.instance(**tags("abcdefghijklmnopqrstuvwxyz", stack="Another"))
    assert leases.strays() == []


def test_one_that_is_being_launched_is_not_judged_yet(leases):
    leases.clock.now = datetime.now(UTC) + timedelta(minutes=14)
    young = leases.instance(**tags("abcdefghijklmnopqrstuvwxyz"))
    assert leases.strays() == []
    leases.clock.turn(2 * 60)
    assert leases.strays() == [young]


@pytest.mark.exhaustive
def test_hundreds_are_read_in_batches(leases):
    approvals = [leases.launched() for _ in range(120)]
    lost = approvals[77]
    instance_id = leases.of(lost).instance_id
    forget(lost)
    assert leases.strays() == [instance_id]
