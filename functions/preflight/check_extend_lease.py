"""The operation `extend_lease`: whose instance it is, and until when it would live."""

from collections.abc import Mapping, Sequence
from typing import Any

from functions.preflight.facts import Found
from functions.preflight.inspection import Inspection
from functions.preflight.leases import asked, instance_id_of, leased, time_of
from functions.shared.lease import NotExtendable
from functions.shared.readings import Reading


def check(inspection: Inspection, calls: Sequence[Mapping[str, Any]]) -> dict[str, Found]:
    """The found of each call by its id."""
    readings = [(call, asked(inspection, call)) for call in calls]
    return {call["id"]: _found(inspection, call, reading) for call, reading in readings}


def _found(inspection: Inspection, call: Mapping[str, Any], reading: Reading) -> Found:
    found = Found()
    one = leased(found, inspection, call, reading)
    if one is None:
        return found
    hours = int(call["arguments"]["hours"])
    try:
        extended = one.lease.extended(hours, int(inspection.now.timestamp()))
    except NotExtendable as error:
        found.complain("LeaseNotExtendable", f"{instance_id_of(call)} cannot be extended: {error}")
        return found
    found.tell("lease_would_end", "It would end", time_of(extended.ends_at))
    return found
