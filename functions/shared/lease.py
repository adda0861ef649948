"""A lease: how long a launched instance may live, and what is due when.

Pure: times are arguments, in epoch seconds. The rows are in lease_table.py.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

HOUR = 3600
WARNING_SECONDS = HOUR
"""How long before its end people are warned."""
KEPT_SECONDS = 7 * 24 * HOUR
"""How long a stopped instance keeps its disks, before it is terminated."""
LONGEST_SECONDS = 30 * 24 * HOUR
"""No lease reaches further from its launch, however often it is extended."""


class LeaseState(StrEnum):
    """`stopping` and `terminating`: the step is taken, EC2's answer is not written down yet."""

    RUNNING = "running"
    WARNED = "warned"
    STOPPING = "stopping"
    STOPPED = "stopped"
    TERMINATING = "terminating"
    TERMINATED = "terminated"
    GONE = "gone"
    """Somebody else terminated the instance."""
    REFUSED = "refused"
    """The instance does not carry the tags of its approval, so nothing of ours touches it."""


LIVING = frozenset({LeaseState.RUNNING, LeaseState.WARNED})
"""The states in which a lease can be extended."""
OVER = frozenset({LeaseState.TERMINATED, LeaseState.GONE, LeaseState.REFUSED})
"""Nothing more is ever due."""


_OVER_WORDS = {
    LeaseState.TERMINATED: "It is terminated.",
    LeaseState.GONE: "Somebody else terminated it.",
    LeaseState.REFUSED: "It does not carry the tags of its approval.",
}


class LeaseStep(StrEnum):
    WARN = "warn"
    STOP = "stop"
    TERMINATE = "terminate"


_DONE = {
    LeaseStep.WARN: LeaseState.WARNED,
    LeaseStep.STOP: LeaseState.STOPPED,
    LeaseStep.TERMINATE: LeaseState.TERMINATED,
}


class NotExtendable(Exception):
    """Why a lease cannot be extended: one sentence for model and person."""


class NotEndable(Exception):
    """Why an instance cannot be stopped or terminated on request: one sentence for model and person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    state: LeaseState
    began_at: int
    """When the launch began."""
    ends_at: int
    stopped_at: int | None = None

    def due_at(self) -> int | None:
        """When the next step is due; None when nothing more is."""
        match self.state:
            case LeaseState.RUNNING:
                return self.ends_at - WARNING_SECONDS
            case LeaseState.WARNED | LeaseState.STOPPING:
                return self.ends_at
            case LeaseState.STOPPED:
                return self.terminates_at()
            case LeaseState.TERMINATING:
                # Never stopped: somebody countersigned the termination, and its try was lost.
                return self.ends_at if self.stopped_at is None else self.terminates_at()
        return None

    def terminates_at(self) -> int:
        """Seven days after it was stopped, or will be."""
        return (self.stopped_at or self.ends_at) + KEPT_SECONDS

    def step_at(self, now: int) -> LeaseStep | None:
        """What is due now; a lease whose end was missed is stopped without a warning before it."""
        due_at = self.due_at()
        if due_at is None or now < due_at:
            return None
        if self.state in LIVING:
            return LeaseStep.STOP if now >= self.ends_at else LeaseStep.WARN
        return LeaseStep.STOP if self.state is LeaseState.STOPPING else LeaseStep.TERMINATE

    def taking(self, step: LeaseStep) -> "Lease":
        """The state that is stored before EC2 is asked."""
        states = {
            LeaseStep.STOP: LeaseState.STOPPING,
            LeaseStep.TERMINATE: LeaseState.TERMINATING,
        }
        return replace(self, state=states.get(step, self.state))

    def after(self, step: LeaseStep, now: int) -> "Lease":
        """The state once the step is done."""
        match step:
            case LeaseStep.WARN:
                return replace(self, state=LeaseState.WARNED)
            case LeaseStep.STOP:
                return replace(self, state=LeaseState.STOPPED, stopped_at=now)
            case LeaseStep.TERMINATE:
                return replace(self, state=LeaseState.TERMINATED)

    def has_taken(self, step: LeaseStep) -> bool:
        """Whether this step was its newest."""
        return self.state is _DONE.get(step)

    def on_request(self, step: LeaseStep) -> "Lease":
        """The state that is stored before EC2 is asked, where a person wants the step now.

        What the step has done already stays as it is. Raises `NotEndable`.
        """
        if self.has_taken(step):
            return self
        if self.state in OVER:
            raise NotEndable(_OVER_WORDS[self.state])
        if step is LeaseStep.STOP and self.state is LeaseState.TERMINATING:
            raise NotEndable("It is being terminated.")
        return self.taking(step)

    def ended_at_once(self, now: int) -> "Lease":
        """Due for its termination now, whatever was left of it: the operator takes the whole stack away.

        Raises `NotEndable`.
        """
        if self.state in OVER:
            raise NotEndable(_OVER_WORDS[self.state])
        return replace(self, state=LeaseState.TERMINATING, ends_at=now, stopped_at=None)

    def not_taken(self) -> "Lease":
        """The state after EC2 has refused the step that was stored: what it was before."""
        if self.state not in (LeaseState.STOPPING, LeaseState.TERMINATING):
            return self
        return replace(
            self, state=LeaseState.STOPPED if self.stopped_at is not None else LeaseState.RUNNING
        )

    def over(self, state: LeaseState) -> "Lease":
        """Ended without a step of ours: `gone` or `refused`."""
        return replace(self, state=state)

    def extended(self, hours: int, now: int) -> "Lease":
        """A later end, and a warning of its own; raises `NotExtendable`."""
        if self.state not in LIVING:
            raise NotExtendable("Its lease has ended; it cannot be extended any more.")
        ends_at = self.ends_at + hours * HOUR
        if hours < 1 or ends_at <= now:
            raise NotExtendable("Its lease would still be over; nothing was extended.")
        if ends_at > self.began_at + LONGEST_SECONDS:
            days = LONGEST_SECONDS // (24 * HOUR)
            raise NotExtendable(f"No lease reaches further than {days} days from its launch.")
        return replace(self, state=LeaseState.RUNNING, ends_at=ends_at)
