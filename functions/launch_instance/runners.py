"""The table of what each operation does once it is approved."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.launch_instance.ec2_errors import LaunchAmbiguous
from functions.launch_instance.end_instance import end_instance
from functions.launch_instance.extend import extend
from functions.launch_instance.hand_over import NOTHING, NOTHING_RUN, hand_over
from functions.launch_instance.launch_role import Session
from functions.launch_instance.launching import Launching
from functions.launch_instance.start_instance import start_instance
from functions.launch_instance.start_runbook import start_runbook
from functions.shared import (
    automation,
    countersigned_action,
    countersigned_code,
    extend_lease,
    practice,
)
from functions.shared.approval import Outcome
from functions.shared.approved_call import ApprovedCall
from functions.shared.end_instances import ENDINGS
from functions.shared.ledger import LedgerRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """One operation: what it does, and what holds before it may."""

    run: Callable[[Launching, ApprovedCall, Any, LedgerRow | None, bool], Outcome]
    """With its client, the ledger row that stood before, and whether AWS may be sent anything."""
    client: Callable[[Launching, ApprovedCall], Any]
    """What it reaches its target with: in AWS, under the launch role."""
    nothing: str
    """The sentence for what was not done."""
    is_launch: bool = False
    """Whether it starts an instance: it counts against budgets, and its type must still be allowed."""
    runs_while_frozen: bool = False
    runs_in_shadow: bool = False
    """Whether it reaches nothing, so that shadow mode need not keep it from anything."""
    takes: bool = True
    """Whether something may have been taken once it began; a rehearsal takes nothing."""


def _run_action(deps: Launching, approved: ApprovedCall) -> Any:  # noqa: ARG001 - nothing of it happens in the target
    return deps.run_action


def _sandbox(deps: Launching, approved: ApprovedCall) -> Any:  # noqa: ARG001 - nothing of it happens in the target
    return deps.ask_sandbox


def _hand_over(
    deps: Launching, approved: ApprovedCall, room: Any, row: LedgerRow | None, may_send: bool
) -> Outcome:
    return hand_over(approved, room=room, ledger=deps.ledger, row=row, may_send=may_send)


def _ec2(deps: Launching, approved: ApprovedCall) -> Any:
    return deps.ec2_for(_session(approved))


def _start(
    deps: Launching, approved: ApprovedCall, ec2: Any, row: LedgerRow | None, may_send: bool
) -> Outcome:
    return start_instance(
        approved,
        ec2=ec2,
        ledger=deps.ledger,
        settings=deps.settings,
        row=row,
        may_send=may_send,
        clock=deps.clock,
        sleep=deps.sleep,
    )


def _extend(
    deps: Launching,
    approved: ApprovedCall,
    ec2: Any,
    row: LedgerRow | None,  # noqa: ARG001 - an extension is known by its lease
    may_send: bool,
) -> Outcome:
    if not may_send:
        raise LaunchAmbiguous("An extension had begun before it was stopped.")
    return extend(
        extend_lease.check(approved.call["arguments"]),
        approval=approved.approval,
        call_id=approved.id,
        ec2=ec2,
        stack=deps.settings.stack,
        targets=deps.targets,
        target=approved.target,
        approvals=deps.approvals,
        leases=deps.leases,
        now=deps.clock(),
    )


def _end(
    deps: Launching,
    approved: ApprovedCall,
    ec2: Any,
    row: LedgerRow | None,  # noqa: ARG001 - what was done is known by the lease
    may_send: bool,
) -> Outcome:
    if not may_send:
        raise LaunchAmbiguous("The instance's end had begun before it was stopped.")
    return end_instance(deps, approved, ENDINGS[approved.operation], ec2)


def _ssm(deps: Launching, approved: ApprovedCall) -> Any:
    return deps.ssm_for(_session(approved))


def _session(approved: ApprovedCall) -> Session:
    return Session.of(approved.target, approved.approval.id, approved.call)


def _start_runbook(
    deps: Launching, approved: ApprovedCall, ssm: Any, row: LedgerRow | None, may_send: bool
) -> Outcome:
    return start_runbook(deps, approved, ssm, row, may_send=may_send)


def _practise(
    deps: Launching,  # noqa: ARG001 - a practice reaches nothing
    approved: ApprovedCall,  # noqa: ARG001
    client: None,  # noqa: ARG001
    row: LedgerRow | None,  # noqa: ARG001
    may_send: bool,  # noqa: ARG001
) -> Outcome:
    return Outcome("succeeded", practice.DONE)


def _nobody(deps: Launching, approved: ApprovedCall) -> None:  # noqa: ARG001 - a practice reaches nothing
    return None


RUNNERS: Mapping[str, Runner] = {
    "run_instances": Runner(
        run=_start, client=_ec2, nothing="Nothing was started.", is_launch=True
    ),
    "extend_lease": Runner(run=_extend, client=_ec2, nothing="Nothing was extended."),
    "stop_instances": Runner(
        run=_end, client=_ec2, nothing="Nothing was stopped.", runs_while_frozen=True
    ),
    "terminate_instances": Runner(run=_end, client=_ec2, nothing="Nothing was terminated."),
    automation.KIND: Runner(run=_start_runbook, client=_ssm, nothing="Nothing was started."),
    **dict.fromkeys(
        countersigned_action.KINDS, Runner(run=_hand_over, client=_run_action, nothing=NOTHING)
    ),
    **dict.fromkeys(
        countersigned_code.KINDS, Runner(run=_hand_over, client=_sandbox, nothing=NOTHING_RUN)
    ),
    practice.OPERATION: Runner(
        run=_practise,
        client=_nobody,
        nothing="Nothing was started.",
        runs_while_frozen=True,
        runs_in_shadow=True,
    ),
}
