"""The operations `stop_instances` and `terminate_instances`: whose instance ends, and what becomes of its disks."""

from collections.abc import Mapping, Sequence
from typing import Any

from functions.preflight.facts import Found, visible
from functions.preflight.inspection import Inspection
from functions.preflight.leases import asked, instance_id_of, leased, time_of
from functions.shared.end_instances import ENDINGS
from functions.shared.lease import Lease, LeaseStep, NotEndable
from functions.shared.readings import Reading

PAST = frozenset({"shutting-down", "terminated"})


def check(inspection: Inspection, calls: Sequence[Mapping[str, Any]]) -> dict[str, Found]:
    """The found of each call by its id."""
    readings = [(call, asked(inspection, call)) for call in calls]
    return {call["id"]: _found(inspection, call, reading) for call, reading in readings}


def _found(inspection: Inspection, call: Mapping[str, Any], reading: Reading) -> Found:
    found, ending = Found(), ENDINGS[call["operation"]]
    one = leased(found, inspection, call, reading)
    if one is None:
        return found
    why_not = _why_not(one.lease, ending.step)
    [instance] = [each for part in reading.answer()["Reservations"] for each in part["Instances"]]
    state = str(instance.get("State", {}).get("Name", "unknown"))
    if why_not is None and state in PAST:
        why_not = f"AWS shows it as {visible(state)}."
    if why_not is not None:
        why = f"{instance_id_of(call)} cannot be {ending.done}: {why_not}"
        found.complain("IncorrectInstanceState", why)
        return found
    (found.tell if state == "running" else found.warn)("state", "State now", visible(state))
    if ending.step is LeaseStep.STOP:
        stopped = one.lease.after(LeaseStep.STOP, int(inspection.now.timestamp()))
        found.tell("disks_until", "Keeps its disks until", time_of(stopped.terminates_at()))
    else:
        found.warn("disks", "Disks", _disks(instance))
    return found


def _why_not(lease: Lease, step: LeaseStep) -> str | None:
    if lease.has_taken(step):
        return f"It is {lease.state.value} already."
    try:
        lease.on_request(step)
    except NotEndable as error:
        return str(error)
    return None


def _disks(instance: Mapping[str, Any]) -> str:
    """How many are deleted with it, and how many stay and are paid for."""
    disks = [one["Ebs"] for one in instance.get("BlockDeviceMappings") or [] if "Ebs" in one]
    if not disks:
        return "AWS shows none"
    deleted = sum(bool(disk.get("DeleteOnTermination")) for disk in disks)
    kept = len(disks) - deleted
    told = [f"{deleted} deleted with it"] if deleted else []
    return ", ".join([*told, f"{kept} kept, and paid for"] if kept else told)
