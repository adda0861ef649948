"""A call that a person countersigned, checked once more by the room that carries it out."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol, Self

from functions.shared.agent import Action, Agent, Agents, UnknownAgent
from functions.shared.approval import Approval
from functions.shared.approval_reader import ApprovalReader
from functions.shared.approved_call import ApprovedCall, LaunchRefused, approved_call
from functions.shared.aws import client
from functions.shared.countersigned_action import shown
from functions.shared.ledger import LedgerRow, read_row
from functions.shared.observe import LAUNCHES_REFUSED, asked_in, count, logger
from functions.shared.seal import SealCheck
from functions.shared.targets import Targets


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """What a room checks a call against."""

    targets: Targets
    agents: Agents
    approval: Callable[[str], Approval | None]
    row: Callable[[str, str], LedgerRow | None]
    """The ledger's row of a call, by approval and call."""
    seals: SealCheck
    kinds: Collection[str]
    """What the room carries out; a call of any other kind is refused."""

    @classmethod
    def of(cls, settings: "ChecksCalls", agents: Agents, kinds: Collection[str]) -> Self:
        """What a room is deployed with, read where the settings say."""
        dynamodb, table = client("dynamodb"), settings.approvals_table
        return cls(
            targets=Targets.parsed(settings.targets),
            agents=agents,
            approval=ApprovalReader(dynamodb, table).get,
            row=lambda approval_id, call_id: read_row(dynamodb, table, approval_id, call_id),
            seals=SealCheck(client("kms"), settings.decision_keys.split(",")),
            kinds=kinds,
        )


class ChecksCalls(Protocol):
    """The settings of a room that carries out countersigned calls."""

    @property
    def approvals_table(self) -> str: ...

    @property
    def decision_keys(self) -> str: ...

    @property
    def targets(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CountersignedCall:
    """The call as people saw it, and the action of the agent that is carried here."""

    approved: ApprovedCall
    agent: Agent
    action: Action


def countersigned_call(
    checking: Checking, *, approval_id: str, call_id: str, digest: str
) -> CountersignedCall:
    """The call, if record, seal, ledger and manifest all fit.

    Raises `LaunchRefused`, which is logged and counted, or `TemporarilyUnavailable` where KMS cannot say; nothing
    was run then.
    """
    logger.append_keys(approval_id=approval_id, call_id=call_id)
    try:
        approval = checking.approval(approval_id)
        asked_in(approval.request_id if approval else "")
        approved = approved_call(
            approval,
            digest=digest,
            call_id=call_id,
            targets=checking.targets,
            seals=checking.seals,
        )
        _check_ledger(checking.row(approval_id, call_id))
        return _with_action(checking, approved)
    except LaunchRefused as refused:
        count(LAUNCHES_REFUSED)
        logger.error("an approved call was refused", reason=str(refused))
        raise


def _check_ledger(row: LedgerRow | None) -> None:
    """launch_instance writes its row before it hands a call over, and the outcome afterwards."""
    if row is None or not row.sent or row.outcome() is not None:
        raise LaunchRefused("The ledger does not say that this call is being run.")


def _with_action(checking: Checking, approved: ApprovedCall) -> CountersignedCall:
    """The action as people saw it; where the manifest says something else today, nothing runs."""
    try:
        agent = checking.agents.get(str(approved.plan["agent"]))
    except UnknownAgent as error:
        raise LaunchRefused("The agent of this call is not deployed any more.") from error
    action = agent.action_of(str(approved.call["function"]))
    if action is None or action.kind not in checking.kinds:
        raise LaunchRefused("This call is nothing that can be run here.")
    planned = (approved.call.get("parameters") or {}).get("action")
    if action.kind != approved.operation or shown(action.compiled()) != planned:
        raise LaunchRefused("The manifest's action differs from what was shown and approved.")
    return CountersignedCall(approved=approved, agent=agent, action=action)
