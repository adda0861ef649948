"""Opening an approval: what the checks found becomes its plan, and the execution's token is stored beside it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from functions.request_approval.conclude import Refused, concluded
from functions.shared.approval import APPROVERS, Approval, Person, Status
from functions.shared.approval_table import ApprovalTable, TransitionLost
from functions.shared.channels import Channel
from functions.shared.entitlement import group_words
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.findings import PREFLIGHT, REHEARSAL, Findings
from functions.shared.freeze import Freeze, FreezeUnreadable
from functions.shared.observe import APPROVALS_UNREACHABLE, asked_in, count, logger
from functions.shared.people import People, UnknownPerson
from functions.shared.plan import canonical, digest_of, read_plan
from functions.shared.settings import RequestApprovalSettings

TOKEN_SLACK_SECONDS = 24 * 3600
SHORTEST_WITH_REMINDER_SECONDS = 120
TRIES = 5
NOBODY = "There is no approver{} who could decide it; ask your operator."
CHANGED = "The request was changed after it was stored."
REQUESTER_GONE = "The account of who asked is not active any more."
NO_APPROVER = "Who was to practise is no approver, or not active."


class ApprovalNotOpen(Exception):
    """The approval ended before anyone was asked, or is not the one this execution was started for."""


class NobodyToAsk(Exception):
    """The checks refused it, or nobody but the requester could decide it; the record says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requesting:
    settings: RequestApprovalSettings
    approvals: ApprovalTable
    findings: Findings
    people: People
    channel: Channel
    freeze: Callable[[], Freeze]
    clock: Callable[[], datetime]


def opened(
    deps: Requesting, approval_id: str, *, task_token: str, digest: str | None = None
) -> Approval:
    """The approval, pending, with this execution's token beside it; a retry replaces the token.

    `digest` comes from workflows of the first release, whose plans were whole from the start. Raises
    `ApprovalNotOpen`, `NobodyToAsk`, or `TemporarilyUnavailable` where the workflow should try again.
    """
    for _ in range(TRIES):
        approval = deps.approvals.get(approval_id)
        if approval is None or (digest is not None and approval.digest != digest):
            raise ApprovalNotOpen(approval_id)
        asked_in(approval.request_id)
        try:
            if approval.status is Status.PREPARING:
                parts = _opening(deps, approval, is_whole=digest is not None)
            elif approval.status is Status.PENDING:
                parts = [deps.approvals.check_item(approval)]
            else:
                raise ApprovalNotOpen(approval_id)
            deps.approvals.write([_token_put(deps, approval_id, task_token), *parts])
        except TransitionLost:
            continue
        stored = deps.approvals.get(approval_id)
        if stored is not None and stored.status is Status.PENDING:
            return stored
    raise TemporarilyUnavailable("The approval is changing right now.")


def frozen_now(deps: Requesting) -> Freeze | None:
    """The switch for a banner, where launches are frozen; the launch function itself reads it again."""
    try:
        freeze = deps.freeze()
    except FreezeUnreadable as error:
        logger.warning("the freeze switch cannot be read", reason=str(error))
        return None
    return freeze if freeze.frozen else None


def _opening(deps: Requesting, approval: Approval, *, is_whole: bool) -> list[dict[str, Any]]:
    approval = replace(approval, requester=_requester(deps, approval))
    plan = approval.plan if is_whole else _plan(deps, approval)
    asked = _asked(deps, approval)
    now = deps.clock()
    seconds = deps.settings.approval_timeout_seconds
    expires_at = int(now.timestamp()) + seconds
    is_reminded = seconds >= SHORTEST_WITH_REMINDER_SECONDS
    return deps.approvals.open_items(
        approval,
        plan=plan,
        digest=digest_of(plan),
        requester=approval.requester,
        asked=asked,
        expires_at=expires_at,
        due_at=expires_at - seconds // 2 if is_reminded else expires_at,
        now=now,
    )


def _plan(deps: Requesting, approval: Approval) -> str:
    if digest_of(approval.plan) != approval.digest:
        raise _ended(deps, approval, Refused(Status.FAILED, CHANGED))
    plan = concluded(
        approval.plan_value(),
        preflight=deps.findings.read(approval.id, PREFLIGHT),
        rehearsal=deps.findings.read(approval.id, REHEARSAL),
        lease_hours=deps.settings.lease_hours,
    )
    if isinstance(plan, Refused):
        raise _ended(deps, approval, plan)
    text = canonical(plan)
    read_plan(text)
    return text


def _requester(deps: Requesting, approval: Approval) -> Person:
    """Who asks, as the user pool names them now; nobody of it asks for a practice."""
    if approval.practised_by:
        return approval.requester
    try:
        return deps.people.person(approval.requester.sub)
    except UnknownPerson as error:
        raise _ended(deps, approval, Refused(Status.FAILED, REQUESTER_GONE)) from error


def _asked(deps: Requesting, approval: Approval) -> list[Person]:
    """Every approver but the requester, of the agent's groups if it names some; with self_confirm the requester too.

    A practice is for one approver alone.
    """
    requester, groups = approval.requester, approval.approver_groups()
    approvers = deps.people.members(APPROVERS)
    if approval.practised_by:
        alone = [person for person in approvers if person.sub == approval.practised_by]
        if not alone:
            raise _ended(deps, approval, Refused(Status.FAILED, NO_APPROVER))
        return alone
    if groups:
        eligible = {person.sub for group in groups for person in deps.people.members(group)}
        approvers = [person for person in approvers if person.sub in eligible]
    asked = [person for person in approvers if not person.is_same_as(requester)]
    if deps.settings.self_confirm and requester.email:
        asked.append(requester)
    if not asked:
        count(APPROVALS_UNREACHABLE)
        where = f" in {group_words(groups)}" if groups else ""
        raise _ended(deps, approval, Refused(Status.FAILED, NOBODY.format(where)))
    return asked


def _ended(deps: Requesting, approval: Approval, refused: Refused) -> Exception:
    """End it, if nobody was faster; what to raise then."""
    deps.approvals.end_undecided(
        approval, refused.status, deps.clock(), refused.why, "request_approval"
    )
    logger.info("nobody is asked", status=refused.status.value)
    return NobodyToAsk(approval.id)


def _token_put(deps: Requesting, approval_id: str, task_token: str) -> Mapping[str, Any]:
    lifetime = deps.settings.approval_timeout_seconds + TOKEN_SLACK_SECONDS
    return {
        "Put": {
            "TableName": deps.settings.task_tokens_table,
            "Item": {
                "approval_id": {"S": approval_id},
                "task_token": {"S": task_token},
                "delete_after": {"N": str(int(deps.clock().timestamp()) + lifetime)},
            },
        }
    }
