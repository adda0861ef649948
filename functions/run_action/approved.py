"""A countersigned call, checked once more against record, seal and the agents carried here, and run once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.run_action.carry_out import Result, carry_out
from functions.run_action.deadline import Deadline
from functions.run_action.failure import failure_text
from functions.run_action.ungated import Running
from functions.run_action.words import shortened
from functions.shared.agent import Action, UnknownAgent
from functions.shared.approval import Approval
from functions.shared.approved_call import ApprovedCall, LaunchRefused, approved_call
from functions.shared.countersigned_action import KINDS, exact, shown
from functions.shared.ledger import LedgerRow
from functions.shared.observe import LAUNCHES_REFUSED, count, logger
from functions.shared.placeholders import MissingValue
from functions.shared.seal import SealCheck
from functions.shared.settings import RunActionSettings
from functions.shared.text_actions import BadText, data_url_text, message_text

TEXTS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], str]] = {
    "data_url": data_url_text,
    "message_template": message_text,
}


@dataclass(frozen=True, slots=True)
class Approving:
    """What this room needs to trust a call."""

    settings: RunActionSettings
    approval: Callable[[str], Approval | None]
    row: Callable[[str, str], LedgerRow | None]
    """The ledger's row of a call, by approval and call."""
    seals: SealCheck


def run_approved(
    running: Running,
    approving: Approving,
    *,
    approval_id: str,
    call_id: str,
    digest: str,
    deadline: Deadline,
) -> Result:
    """What became of the call. Raises `LaunchRefused` or `TemporarilyUnavailable` before anything is sent."""
    logger.append_keys(approval_id=approval_id, call_id=call_id)
    try:
        approved = approved_call(
            approving.approval(approval_id),
            digest=digest,
            call_id=call_id,
            settings=approving.settings,
            seals=approving.seals,
        )
        _check_ledger(approving.row(approval_id, call_id))
        action = _action_of(running, approved)
    except LaunchRefused as refused:
        count(LAUNCHES_REFUSED)
        logger.error("an approved call was refused", reason=str(refused))
        raise
    arguments = exact(approved.call)
    if action.kind in TEXTS:
        return _text(action, arguments)
    return carry_out(
        action,
        arguments,
        fetch=running.fetch,
        secrets=running.secrets,
        deadline=deadline,
        is_approved=True,
        client_token=approved.client_token(approving.settings),
    )


def _check_ledger(row: LedgerRow | None) -> None:
    """launch_instance writes its row before it hands a call over, and the outcome afterwards."""
    if row is None or not row.sent or row.outcome() is not None:
        raise LaunchRefused("The ledger does not say that this call is being run.")


def _action_of(running: Running, approved: ApprovedCall) -> Action:
    """The action as people saw it; where the manifest says something else today, nothing runs."""
    try:
        agent = running.agents.get(str(approved.plan["agent"]))
    except UnknownAgent as error:
        raise LaunchRefused("The agent of this call is not deployed any more.") from error
    action = agent.actions.get(str(approved.call["function"]))
    if action is None or action.kind not in KINDS:
        raise LaunchRefused("This call is nothing that can be run here.")
    planned = (approved.call.get("parameters") or {}).get("action")
    if action.kind != approved.operation or shown(action.compiled()) != planned:
        raise LaunchRefused("The manifest's action differs from what was shown and approved.")
    return action


def _text(action: Action, arguments: Mapping[str, Any]) -> Result:
    try:
        text = TEXTS[action.kind](action.values, arguments)
        return Result("succeeded", shortened(text, len(text)))
    except (MissingValue, BadText) as error:
        return Result("failed", failure_text("bad_argument", str(error)))
