"""The operations stop_instances and terminate_instances: the lease says what is about to be done, then EC2 is asked.

EC2 takes both again as done, so whatever was lost on the way is simply repeated. Lease, audit and the place among the
living instances are written as the sweep writes them when a lease ends by itself.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.launch_instance.ec2_errors import LaunchAmbiguous, Words, judged
from functions.launch_instance.launching import Launching
from functions.launch_instance.running import state_of
from functions.shared.approval import Approval, Outcome
from functions.shared.approval_table import TransitionLost
from functions.shared.approved_call import ApprovedCall
from functions.shared.aws import error_code
from functions.shared.budgets import instance_ended_parts
from functions.shared.end_instances import Ending
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.lease import LeaseStep, NotEndable
from functions.shared.lease_mails import STOPPED_ON_REQUEST, TERMINATED_ON_REQUEST
from functions.shared.lease_table import LeasedInstance
from functions.shared.leased_instance import UnknownInstance, check_place, find_leased
from functions.shared.observe import logger

TRIES = 3
EVENTS = {
    LeaseStep.STOP: STOPPED_ON_REQUEST,
    LeaseStep.TERMINATE: TERMINATED_ON_REQUEST,
}
_REFUSALS = {
    "UnauthorizedOperation": "the launch role, or a policy of the organization, does not allow it",
    "OperationNotPermitted": "it is protected against that; an operator must take the protection off",
}


def end_instance(deps: Launching, approved: ApprovedCall, ending: Ending, ec2: Any) -> Outcome:
    """Stop or terminate one instance that was launched here; again, it answers the same.

    Raises `LaunchAmbiguous` or `TemporarilyUnavailable` where the workflow should try again.
    """
    instance_id = ending.check(approved.call["arguments"]).instance_id
    for _ in range(TRIES):
        try:
            leased = find_leased(ec2, deps.leases, instance_id, stack=deps.settings.stack)
            ended = _ended(deps, approved, ending, ec2, leased)
        except (NotEndable, UnknownInstance) as error:
            return Outcome("failed", f"{instance_id} was not {ending.done}: {error}")
        except (BotoCoreError, ClientError) as error:
            raise TemporarilyUnavailable(error_code(error)) from error
        except TransitionLost:
            logger.info("the lease changed meanwhile; reading it again")
        else:
            return ended if isinstance(ended, Outcome) else _told(deps, ending, ec2, ended)
    raise TemporarilyUnavailable("The lease is changing right now.")


def _ended(
    deps: Launching, approved: ApprovedCall, ending: Ending, ec2: Any, leased: LeasedInstance
) -> LeasedInstance | Outcome:
    """The lease after its step, or why it was not taken."""
    launched_by = deps.approvals.get(leased.approval_id)
    if launched_by is None:
        raise NotEndable("Its own approval is not stored.")
    check_place(leased, launched_by, deps.targets, approved.target)
    now = deps.clock()
    wanted = leased.lease.on_request(ending.step)
    if wanted.has_taken(ending.step):
        return leased
    if wanted != leased.lease:
        leased = deps.leases.claim(leased, wanted)
    refusal = _refused(ec2, ending, leased.instance_id)
    if refusal is not None:
        deps.leases.claim(leased, leased.lease.not_taken())
        return refusal
    logger.info("an instance was ended", step=ending.step.value, instance_id=leased.instance_id)
    return deps.leases.move(
        leased,
        leased.lease.after(ending.step, int(now.timestamp())),
        launched_by,
        event=EVENTS[ending.step],
        details={"by": f"{approved.approval.id}#{approved.id}"},
        now=now,
        is_told=_is_somebody_elses(launched_by, approved.approval),
        others=_lives_no_more(deps, leased, launched_by)
        if ending.step is LeaseStep.TERMINATE
        else (),
        actor=approved.decision.by.sub,
    )


def _is_somebody_elses(launched_by: Approval, asked_in: Approval) -> bool:
    """Who asks is told how the call ended; who launched it, and is somebody else, is told by the sweep."""
    return not launched_by.requester.is_same_as(asked_in.requester)


def _lives_no_more(
    deps: Launching, leased: LeasedInstance, launched_by: Approval
) -> list[dict[str, Any]]:
    """Its place among the target's living instances is free."""
    target = str(launched_by.plan_value()["target"])
    return instance_ended_parts(
        deps.settings.budgets_table, target, leased.approval_id, leased.call_id
    )


def _refused(ec2: Any, ending: Ending, instance_id: str) -> Outcome | None:
    """What EC2's final refusal means; None where it took the request."""
    try:
        asking(ec2, ending)(InstanceIds=[instance_id])
    except BotoCoreError as error:
        raise LaunchAmbiguous(error_code(error)) from error
    except ClientError as error:
        return judged(error, words_of(ending, instance_id))
    return None


def asking(ec2: Any, ending: Ending) -> Callable[..., Any]:
    """The client's method for this end."""
    method: Callable[..., Any] = (
        ec2.stop_instances if ending.step is LeaseStep.STOP else ec2.terminate_instances
    )
    return method


def words_of(ending: Ending, instance_id: str) -> Words:
    """How EC2's refusal to end this instance is told."""
    return Words(
        what=f"to {ending.verb} {instance_id}",
        nothing=f"Nothing was {ending.done}.",
        known=_REFUSALS,
    )


def _told(deps: Launching, ending: Ending, ec2: Any, leased: LeasedInstance) -> Outcome:
    """What EC2 shows in the end, and what becomes of the disks."""
    state = state_of(ec2, leased.instance_id, until=ending.done, sleep=deps.sleep)
    if state == ending.done:
        sentence = f"Instance {leased.instance_id} is {ending.done}."
    else:
        seen = f"it was {state} when last seen" if state else "it was not seen since"
        sentence = f"AWS took the request to {ending.verb} instance {leased.instance_id}; {seen}."
    if ending.step is LeaseStep.STOP:
        until = datetime.fromtimestamp(leased.lease.terminates_at(), UTC)
        sentence += f" It keeps its disks until {until:%Y-%m-%d %H:%M} UTC; then it is terminated."
    return Outcome("succeeded", sentence)
