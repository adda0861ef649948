"""A countersigned call, checked once more against record, seal and the agents carried here, and run once."""

from collections.abc import Callable, Mapping
from typing import Any

from functions.run_action.carry_out import Result, carry_out
from functions.run_action.deadline import Deadline
from functions.run_action.failure import failure_text
from functions.run_action.ungated import Running
from functions.run_action.words import shortened
from functions.shared.agent import Action
from functions.shared.countersigned_action import exact
from functions.shared.countersigned_call import Checking, countersigned_call
from functions.shared.placeholders import MissingValue
from functions.shared.text_actions import BadText, data_url_text, message_text

TEXTS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], str]] = {
    "data_url": data_url_text,
    "message_template": message_text,
}
KINDS = ("rest", "graphql", *TEXTS)
"""What this room carries out."""


def run_approved(
    running: Running,
    checking: Checking,
    *,
    approval_id: str,
    call_id: str,
    digest: str,
    deadline: Deadline,
) -> Result:
    """What became of the call. Raises `LaunchRefused` or `TemporarilyUnavailable` before anything is sent."""
    call = countersigned_call(checking, approval_id=approval_id, call_id=call_id, digest=digest)
    arguments = exact(call.approved.call)
    if call.action.kind in TEXTS:
        return _text(call.action, arguments)
    return carry_out(
        call.action,
        arguments,
        fetch=running.fetch,
        secrets=running.secrets,
        deadline=deadline,
        is_approved=True,
        client_token=call.approved.client_token(),
    )


def _text(action: Action, arguments: Mapping[str, Any]) -> Result:
    try:
        text = TEXTS[action.kind](action.values, arguments)
        return Result("succeeded", shortened(text, len(text)))
    except (MissingValue, BadText) as error:
        return Result("failed", failure_text("bad_argument", str(error)))
