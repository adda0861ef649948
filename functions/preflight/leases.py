"""What an approver reads of an instance that was launched here: whose it is, its state, its lease."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from functions.preflight.facts import Found, visible
from functions.preflight.inspection import Inspection
from functions.shared.approval import Approval
from functions.shared.identifiers import timestamp
from functions.shared.lease_table import LeasedInstance
from functions.shared.leased_instance import UnknownInstance, check_place, leased_of, named
from functions.shared.readings import NotRead, Reading


def asked(inspection: Inspection, call: Mapping[str, Any]) -> Reading:
    """The question for the instance that a call names, on its way."""
    question = named(instance_id_of(call))
    return inspection.readings.ask("ec2", "describe_instances", **question)


def leased(
    found: Found, inspection: Inspection, call: Mapping[str, Any], reading: Reading
) -> LeasedInstance | None:
    """Its lease, with whose it is and when it ends; None, and told, where it is not known."""
    try:
        one = leased_of(
            reading.answer(), inspection.leases, instance_id_of(call), stack=inspection.stack
        )
        launched_by = inspection.approvals.get(one.approval_id)
        if launched_by is not None:
            check_place(one, launched_by, inspection.targets, inspection.target)
    except NotRead as error:
        found.not_checked("instance and lease", error)
        return None
    except UnknownInstance as error:
        found.complain("InvalidInstanceID.NotFound", f"{error} Name one that was.")
        return None
    _whose(found, inspection, launched_by)
    found.tell("lease_ends", "Its lease ends", time_of(one.lease.ends_at))
    return one


def _whose(found: Found, inspection: Inspection, launched_by: Approval | None) -> None:
    """For whom it was launched; to be looked at twice where that is somebody else."""
    if launched_by is None:
        found.warn("launched_for", "Launched for", "its request is not stored any more")
        return
    name = visible(launched_by.requester.shown())
    if launched_by.requester.sub == inspection.requester:
        found.tell("launched_for", "Launched for", name)
    else:
        found.warn("launched_for", "Launched for", f"{name}, who is not who asks now")


def instance_id_of(call: Mapping[str, Any]) -> str:
    return str(call["arguments"]["instance_id"])


def time_of(epoch_seconds: int) -> str:
    return timestamp(datetime.fromtimestamp(epoch_seconds, UTC))
