"""What is due of a lease: warn, stop, terminate; only what carries the tags of its approval, each step once.

The record comes first and last: a step is written down before EC2 is asked (so that no extension comes between) and,
with its audit row, after EC2 has answered. People are told after that, and again after a crash: a warning that is
lost costs them their work, one that comes twice costs a glance.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.shared.approval import Approval
from functions.shared.approval_table import ApprovalTable, TransitionLost
from functions.shared.aws import error_code
from functions.shared.batch import SomeFailed
from functions.shared.budgets import instance_ended_parts
from functions.shared.channels import Channel
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.instance_tags import TAG_APPROVAL, TAG_STACK
from functions.shared.lease import LeaseState, LeaseStep
from functions.shared.lease_mails import STOPPED, TERMINATED, WARNED, lease_mail
from functions.shared.lease_table import CallKey, LeasedInstance, LeaseTable
from functions.shared.observe import LEASES_REFUSED, asked_in, count, logger
from functions.shared.target_settings import EndLeaseSettings
from functions.shared.targets import Target, Targets

UNSEEN_SECONDS = 15 * 60
"""EC2 shows a new instance late; one this old that it does not show is gone."""
EVENTS = {
    LeaseStep.WARN: WARNED,
    LeaseStep.STOP: STOPPED,
    LeaseStep.TERMINATE: TERMINATED,
}
DEAD = frozenset({"shutting-down", "terminated"})

Instance = Mapping[str, Any]
"""One instance as DescribeInstances tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    settings: EndLeaseSettings
    targets: Targets
    approvals: ApprovalTable
    leases: LeaseTable
    ec2: Callable[[Target], Any]
    """EC2's client in a target; raises what the assuming of its role raises."""
    channel: Channel
    clock: Callable[[], datetime]


def step_leases(deps: Ending, keys: Iterable[CallKey]) -> None:
    """Take each lease's due step; one that cannot be taken now stays due and disturbs no other.

    Raises `SomeFailed` at the end where something failed that nobody foresaw.
    """
    places: dict[str, tuple[Target, list[LeasedInstance]]] = {}
    failed = 0
    for leased in deps.leases.get_many(keys).values():
        logger.append_keys(approval_id=leased.approval_id, call_id=leased.call_id)
        try:
            target = _target_of(deps, leased)
        except Exception:  # noqa: BLE001 - logged whole, and raised below for all of them
            failed += 1
            logger.exception("the lease's request cannot be read; it stays due")
            continue
        if target is not None:
            places.setdefault(target.name, (target, []))[1].append(leased)
    for target, leases in places.values():
        failed += _step_in(deps, target, leases)
    if failed:
        raise SomeFailed(failed)


def _target_of(deps: Ending, leased: LeasedInstance) -> Target | None:
    """Where the instance is; None, and told to the operator, where that is no target any more: it stays due."""
    approval = deps.approvals.get(leased.approval_id)
    target = deps.targets.reaching(approval.plan_value()) if approval is not None else None
    if target is None:
        what = "a lease has no approval" if approval is None else "a lease is in no target"
        logger.error(what, instance_id=leased.instance_id)
        count(LEASES_REFUSED)
    return target


def _step_in(deps: Ending, target: Target, leases: list[LeasedInstance]) -> int:
    """Each lease's due step in one target; how many failed in a way that nobody foresaw."""
    failed = 0
    try:
        ec2 = deps.ec2(target)
        instances = described(ec2, [leased.instance_id for leased in leases])
    except (BotoCoreError, ClientError) as error:
        code = error_code(error)
        logger.warning("EC2 did not say what runs; all stay due", code=code, target=target.name)
        return failed
    for leased in leases:
        logger.append_keys(approval_id=leased.approval_id, call_id=leased.call_id)
        try:
            _step(deps, leased, ec2, instances.get(leased.instance_id))
        except (TransitionLost, TemporarilyUnavailable):
            logger.info("the lease changed meanwhile; it stays due")
        except (BotoCoreError, ClientError) as error:
            logger.warning("the lease's step failed; it stays due", code=error_code(error))
        except Exception:  # noqa: BLE001 - logged whole, and raised below for all of them
            failed += 1
            logger.exception("the lease's step failed; it stays due")
    return failed


def described(ec2: Any, instance_ids: list[str]) -> dict[str, Instance]:
    """The instances that EC2 shows, by id; asked by a filter, so that one unknown id hides no other."""
    found: dict[str, Instance] = {}
    request: dict[str, Any] = {"Filters": [{"Name": "instance-id", "Values": instance_ids}]}
    while True:
        page = ec2.describe_instances(**request)
        for reservation in page["Reservations"]:
            found |= {one["InstanceId"]: one for one in reservation["Instances"]}
        if not page.get("NextToken"):
            return found
        request["NextToken"] = page["NextToken"]


def tags_of(instance: Instance) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in instance.get("Tags", ())}


def _step(
    deps: Ending,
    leased: LeasedInstance,
    ec2: Any,
    instance: Instance | None,
) -> None:
    """Its record is read anew: each step of a sibling has added to its audit."""
    approval = deps.approvals.get(leased.approval_id)
    if approval is None:
        return
    asked_in(approval.request_id)
    step = leased.lease.step_at(int(deps.clock().timestamp()))
    if step is not None:
        moved = _taken(deps, leased, approval, step, ec2, instance)
        if moved is None:
            return
        leased = moved
    if leased.untold:
        _tell(deps, leased, approval)


def _taken(
    deps: Ending,
    leased: LeasedInstance,
    approval: Approval,
    step: LeaseStep,
    ec2: Any,
    instance: Instance | None,
) -> LeasedInstance | None:
    """The lease after its step; None where EC2 does not show the instance yet."""
    now = deps.clock()
    is_dead = instance is None or instance["State"]["Name"] in DEAD
    if is_dead and leased.lease.state is not LeaseState.TERMINATING:
        age = int(now.timestamp()) - leased.lease.began_at
        if instance is None and age < UNSEEN_SECONDS:
            return None
        logger.info("the instance is gone", instance_id=leased.instance_id)
        return _ended(deps, leased, approval, LeaseState.GONE)
    if instance is not None and not is_dead and not _is_ours(deps, leased, instance):
        logger.error("the instance does not carry its tags", instance_id=leased.instance_id)
        count(LEASES_REFUSED)
        return _ended(deps, leased, approval, LeaseState.REFUSED)
    taking = leased.lease.taking(step)
    if taking != leased.lease:
        leased = deps.leases.claim(leased, taking)
    if not is_dead:
        _ask_ec2(ec2, step, leased.instance_id)
    logger.info("a lease's step was taken", step=step.value, instance_id=leased.instance_id)
    return deps.leases.move(
        leased,
        leased.lease.after(step, int(now.timestamp())),
        approval,
        event=EVENTS[step],
        details={},
        now=now,
        is_told=True,
        others=_lives_no_more(deps, leased, approval) if step is LeaseStep.TERMINATE else (),
    )


def _is_ours(deps: Ending, leased: LeasedInstance, instance: Instance) -> bool:
    tags = tags_of(instance)
    expected = (leased.approval_id, deps.settings.stack)
    return (tags.get(TAG_APPROVAL), tags.get(TAG_STACK)) == expected


def _ended(
    deps: Ending, leased: LeasedInstance, approval: Approval, state: LeaseState
) -> LeasedInstance:
    """Nothing is due any more, and nobody is mailed: who took the instance away knows."""
    return deps.leases.move(
        leased,
        leased.lease.over(state),
        approval,
        event=f"lease_{state.value}",
        details={},
        now=deps.clock(),
        is_told=False,
        others=_lives_no_more(deps, leased, approval),
    )


def _lives_no_more(
    deps: Ending, leased: LeasedInstance, approval: Approval
) -> list[dict[str, Any]]:
    """Its place among the target's living instances is free."""
    target = str(approval.plan_value()["target"])
    return instance_ended_parts(
        deps.settings.budgets_table, target, leased.approval_id, leased.call_id
    )


def _ask_ec2(ec2: Any, step: LeaseStep, instance_id: str) -> None:
    if step is LeaseStep.STOP:
        ec2.stop_instances(InstanceIds=[instance_id])
    elif step is LeaseStep.TERMINATE:
        ec2.terminate_instances(InstanceIds=[instance_id])


def _tell(deps: Ending, leased: LeasedInstance, approval: Approval) -> None:
    """One mail to the requester and to everyone who was asked; marked when one of them went out."""
    people = {
        person.email: person for person in (approval.requester, *approval.asked) if person.email
    }
    mail = lease_mail(
        approval,
        leased,
        origin=deps.settings.origin,
        stage=deps.settings.stage,
        time_zone=deps.settings.time_zone,
    )
    told = 0
    for email, person in people.items():
        try:
            deps.channel.send(email, mail)
            told += 1
        except (BotoCoreError, ClientError) as error:
            logger.warning("somebody could not be told", person=person.sub, code=error_code(error))
    if told or not people:
        deps.leases.mark_told(leased)
