"""The operation `extend_lease`: whose instance it is, and until when it would live."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from functions.preflight.facts import Found, visible
from functions.preflight.inspection import Inspection
from functions.preflight.readings import NotRead, Reading
from functions.shared.identifiers import timestamp
from functions.shared.lease import NotExtendable
from functions.shared.leased_instance import UnknownInstance, leased_of, named


def check(inspection: Inspection, calls: Sequence[Mapping[str, Any]]) -> dict[str, Found]:
    """The found of each call by its id."""
    asked = [
        (call, inspection.readings.ask("ec2", "describe_instances", **named(_instance_id(call))))
        for call in calls
    ]
    return {call["id"]: _found(inspection, call, reading) for call, reading in asked}


def _found(inspection: Inspection, call: Mapping[str, Any], reading: Reading) -> Found:
    found = Found()
    instance_id = _instance_id(call)
    try:
        leased = leased_of(reading.answer(), inspection.leases, instance_id, stack=inspection.stack)
    except NotRead as error:
        found.not_checked("instance and lease", error)
        return found
    except UnknownInstance as error:
        found.complain("InvalidInstanceID.NotFound", f"{error} Name one that was.")
        return found
    _whose(found, inspection, leased.approval_id)
    found.tell("lease_ends", "Its lease ends", _time(leased.lease.ends_at))
    hours = int(call["arguments"]["hours"])
    try:
        extended = leased.lease.extended(hours, int(inspection.now.timestamp()))
    except NotExtendable as error:
        found.complain("LeaseNotExtendable", f"{instance_id} cannot be extended: {error}")
        return found
    found.tell("lease_would_end", "It would end", _time(extended.ends_at))
    return found


def _whose(found: Found, inspection: Inspection, approval_id: str) -> None:
    """For whom it was launched; to be looked at twice where that is somebody else."""
    launched_by = inspection.approvals.get(approval_id)
    if launched_by is None:
        found.warn("launched_for", "Launched for", "its request is not stored any more")
        return
    name = visible(launched_by.requester.shown())
    if launched_by.requester.sub == inspection.requester:
        found.tell("launched_for", "Launched for", name)
    else:
        found.warn("launched_for", "Launched for", f"{name}, who is not who asks now")


def _instance_id(call: Mapping[str, Any]) -> str:
    return str(call["arguments"]["instance_id"])


def _time(epoch_seconds: int) -> str:
    return timestamp(datetime.fromtimestamp(epoch_seconds, UTC))
