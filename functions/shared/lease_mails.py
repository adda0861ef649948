"""What people are told about a lease: a fixed template for each event."""

from collections.abc import Callable, Mapping

from functions.shared.approval import Approval
from functions.shared.channels import Mail
from functions.shared.lease_table import LeasedInstance
from functions.shared.mails import local_time, told_mail

WARNED, STOPPED, TERMINATED = "lease_warned", "lease_stopped", "lease_terminated"
STOPPED_ON_REQUEST, TERMINATED_ON_REQUEST = "instance_stopped", "instance_terminated"


def lease_mail(
    approval: Approval,
    leased: LeasedInstance,
    *,
    origin: str,
    stage: str,
    time_zone: str,
) -> Mail:
    """To the requester and everyone who was asked, about the event that is still to be told."""
    headline, sentences = _WORDS[leased.untold](leased, time_zone)
    return told_mail(approval, headline=headline, sentences=sentences, origin=origin, stage=stage)


Words = tuple[str, list[str]]


def _warned(leased: LeasedInstance, time_zone: str) -> Words:
    ends = local_time(leased.lease.ends_at, time_zone)
    terminates = local_time(leased.lease.terminates_at(), time_zone)
    return f"Stops {ends}", [
        f"Instance {leased.instance_id} is stopped at {ends}: its lease ends.",
        f"It keeps its disks until {terminates}; then it is terminated.",
        f"To keep it running, ask for it in the chat before that: "
        f"extend the lease of {leased.instance_id} by 8 hours. Somebody else countersigns it.",
    ]


def _stopped(leased: LeasedInstance, time_zone: str) -> Words:
    terminates = local_time(leased.lease.terminates_at(), time_zone)
    return "Stopped", [
        f"Instance {leased.instance_id} was stopped: its lease has ended.",
        f"It keeps its disks until {terminates}; then it is terminated. "
        "Save what you need before, or ask your operator to keep it.",
    ]


def _terminated(leased: LeasedInstance, time_zone: str) -> Words:  # noqa: ARG001 - one form for all
    return "Terminated", [
        f"Instance {leased.instance_id} was terminated, seven days after its lease had ended."
    ]


def _stopped_on_request(leased: LeasedInstance, time_zone: str) -> Words:
    terminates = local_time(leased.lease.terminates_at(), time_zone)
    return "Stopped", [
        f"Instance {leased.instance_id} was stopped: somebody asked for it, and somebody else countersigned it.",
        f"It keeps its disks until {terminates}; then it is terminated. "
        "Save what you need before, or ask your operator to keep it.",
    ]


def _terminated_on_request(leased: LeasedInstance, time_zone: str) -> Words:  # noqa: ARG001 - one form for all
    return "Terminated", [
        f"Instance {leased.instance_id} was terminated: somebody asked for it, and somebody else countersigned it."
    ]


_WORDS: Mapping[str, Callable[[LeasedInstance, str], Words]] = {
    WARNED: _warned,
    STOPPED: _stopped,
    TERMINATED: _terminated,
    STOPPED_ON_REQUEST: _stopped_on_request,
    TERMINATED_ON_REQUEST: _terminated_on_request,
}
