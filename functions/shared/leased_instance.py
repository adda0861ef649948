"""From an instance's id to its lease: EC2 tells the tags, they name the call, its ledger row must name the instance."""

from collections.abc import Mapping
from typing import Any

from functions.shared.approval import Approval
from functions.shared.instance_tags import TAG_APPROVAL, TAG_CALL, TAG_STACK
from functions.shared.lease_table import LeasedInstance, LeaseReader
from functions.shared.plan import UnreadablePlan
from functions.shared.targets import Target, Targets


class UnknownInstance(Exception):
    """No instance of this stack has that id, or it has no lease; the sentence is for model and person."""

    def __init__(self, instance_id: str) -> None:
        super().__init__(f"{instance_id} is no instance that was launched here and has a lease.")


def named(instance_id: str) -> dict[str, Any]:
    """The question to DescribeInstances; a filter, so that an unknown id is no error."""
    return {"Filters": [{"Name": "instance-id", "Values": [instance_id]}]}


def find_leased(ec2: Any, leases: LeaseReader, instance_id: str, *, stack: str) -> LeasedInstance:
    """The lease of one instance, read consistently; raises `UnknownInstance`, or what EC2's client raises."""
    answer = ec2.describe_instances(**named(instance_id))
    return leased_of(answer, leases, instance_id, stack=stack)


def check_place(
    leased: LeasedInstance, launched_by: Approval, targets: Targets, target: Target
) -> None:
    """The approval that launched it names this target; raises `UnknownInstance`."""
    try:
        there = targets.reaching(launched_by.plan_value())
    except UnreadablePlan:
        there = None
    if there != target:
        raise UnknownInstance(leased.instance_id)


def leased_of(
    answer: Mapping[str, Any], leases: LeaseReader, instance_id: str, *, stack: str
) -> LeasedInstance:
    """The lease behind what DescribeInstances answered; raises `UnknownInstance`."""
    instances = [one for part in answer["Reservations"] for one in part["Instances"]]
    tags = {tag["Key"]: tag["Value"] for one in instances for tag in one.get("Tags", ())}
    approval_id, call_id = tags.get(TAG_APPROVAL, ""), tags.get(TAG_CALL, "")
    if tags.get(TAG_STACK) != stack or not approval_id or not call_id:
        raise UnknownInstance(instance_id)
    leased = leases.get(approval_id, call_id)
    if leased is None or leased.instance_id != instance_id:
        raise UnknownInstance(instance_id)
    return leased
