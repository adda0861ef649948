"""A turn: one user message, the model's answers, their tool calls and results; and how people see it.

`steps` are Chat Completions messages between the user's message and the reply. A tool message carries our `status`
beside its wire members, and `outside` where somebody outside wrote it; a gated call and a call of the client have no
tool message: their outcome is an item of its own. A step `switch` says that another agent has the conversation since.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from functions.shared.approval import OPEN, Approval, Outcome
from functions.shared.countersigned_action import shown
from functions.shared.identifiers import timestamp
from functions.shared.outside_text import is_outside_text
from functions.shared.plan import canonical, launch_of

WAITING = "waiting"
HANDED_OUT = "handed_out"
"""The member of a turn's state that names the calls of the client."""
ANSWERED = "answered"
"""The outcome of a call that the client has carried out."""


class TurnStatus(StrEnum):
    COMPLETED = "completed"
    WORKING = "working"
    AWAITING_APPROVAL = "awaiting_approval"
    AWAITING_CLIENT = "awaiting_client"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TurnError:
    """Why a turn failed: a stable code, one sentence, and whether the same message may be sent again."""

    code: str
    detail: str
    retryable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    number: int
    status: TurnStatus
    message: str
    reply: str
    agent: str
    manifest: str
    """The first characters of the manifest's digest the turn ran with."""
    created_at: str
    request: str
    """Names the request that made the turn, so that a repeated write is known as our own."""
    steps: tuple[Mapping[str, Any], ...] = ()
    approval_id: str | None = None
    error: TurnError | None = None
    attempts: int = 1
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    last_word: str = ""
    state: Mapping[str, Any] = field(default_factory=dict)
    """What the conversation knows after this turn: `slots` and `memory`; `handed_out` and `groups` are this turn's."""
    notice: str = ""
    """What the program tells beside the reply."""

    def tool_calls(self) -> Iterator[Mapping[str, Any]]:
        """Every tool call of the turn, as on the wire."""
        for step in self.steps:
            yield from step.get("tool_calls", ())

    def answered_calls(self) -> dict[str, Mapping[str, Any]]:
        """The tool messages that stand in the turn itself, by call id."""
        return {step["tool_call_id"]: step for step in self.steps if step["role"] == "tool"}

    def is_for_client(self, call: Mapping[str, Any]) -> bool:
        """Whether the call was handed out to the client."""
        return call["id"] in self.state.get(HANDED_OUT, ())

    def waiting_calls(self) -> list[Mapping[str, Any]]:
        """Gated calls that have no outcome yet."""
        answered = self.answered_calls()
        return [
            call
            for call in self.tool_calls()
            if call["id"] not in answered and call["id"] not in self.outcomes
        ]


def turn_view(conversation_id: str, turn: Turn, approval: Approval | None) -> dict[str, Any]:
    """A turn as `POST /chat` and the transcript answer it."""
    outcomes = _outcomes_now(turn, approval)
    view: dict[str, Any] = {
        "conversation_id": conversation_id,
        "turn": turn.number,
        "agent": turn.agent,
        "status": _status_now(turn, approval),
        "reply": _reply_now(turn, outcomes),
        "tool_calls": [
            _tool_call_view(turn, call, outcomes, approval) for call in turn.tool_calls()
        ],
        "approval": approval_brief(turn.approval_id, approval),
    }
    if turn.notice:
        view["notice"] = turn.notice
    if turn.error is not None:
        view["error"] = {
            "code": turn.error.code,
            "detail": turn.error.detail,
            "retryable": turn.error.retryable,
        }
    return view


def approval_brief(approval_id: str | None, approval: Approval | None) -> dict[str, Any] | None:
    """What a conversation shows of its approval."""
    if approval_id is None:
        return None
    if approval is None:
        return {
            "id": approval_id,
            "status": "preparing",
            "deciders": [],
            "expires_at": None,
            "closed_at": None,
        }
    return {
        "id": approval.id,
        "status": approval.status.value,
        "launch": launch_of(approval.plan_value()),
        "deciders": deciders_view(approval),
        "expires_at": expiry_view(approval),
        "closed_at": approval.closed_at,
    }


def deciders_view(approval: Approval) -> list[dict[str, str]]:
    return [{"name": person.shown(), "email": person.email} for person in approval.asked]


def expiry_view(approval: Approval) -> str | None:
    if approval.expires_at is None:
        return None
    return timestamp(datetime.fromtimestamp(approval.expires_at, UTC))


def parsed_arguments(call: Mapping[str, Any]) -> Any:
    """The call's arguments as a value; the model's own text where it is not JSON."""
    text = call["function"]["arguments"]
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _shown(arguments: Any) -> Any:
    """As a plan shows them."""
    return shown(arguments) if isinstance(arguments, dict) else arguments


def _status_now(turn: Turn, approval: Approval | None) -> str:
    if turn.status is TurnStatus.AWAITING_CLIENT and not turn.waiting_calls():
        return TurnStatus.COMPLETED.value
    if turn.status is not TurnStatus.AWAITING_APPROVAL or turn.waiting_calls():
        return turn.status.value
    is_still_open = not turn.outcomes and (approval is None or approval.closed_at is None)
    return TurnStatus.AWAITING_APPROVAL.value if is_still_open else TurnStatus.COMPLETED.value


def _outcomes_now(turn: Turn, approval: Approval | None) -> Mapping[str, Outcome]:
    """The turn's outcomes; a call that was answered with an approval made earlier has that one's outcome."""
    if approval is None or approval.turn == turn.number or not approval.outcomes:
        return turn.outcomes
    earlier = {
        (call["function"], canonical(call["arguments"])): approval.outcomes.get(call["id"])
        for call in approval.calls()
    }
    answered = turn.answered_calls()
    outcomes = dict(turn.outcomes)
    for call in turn.tool_calls():
        if answered.get(call["id"], {}).get("status") == WAITING:
            same = (call["function"]["name"], canonical(_shown(parsed_arguments(call))))
            outcome = earlier.get(same)
            if outcome is not None:
                outcomes[call["id"]] = outcome
    return outcomes


def _reply_now(turn: Turn, outcomes: Mapping[str, Outcome]) -> str:
    if turn.status is TurnStatus.COMPLETED:
        return "\n\n".join([*_said_between(turn), turn.reply])
    if turn.status is not TurnStatus.AWAITING_APPROVAL or turn.waiting_calls() or not outcomes:
        return turn.reply
    sentences = [outcomes[call["id"]].text for call in turn.tool_calls() if call["id"] in outcomes]
    return "\n".join(sentences) + (f"\n\n{turn.last_word}" if turn.last_word else "")


def _said_between(turn: Turn) -> list[str]:
    """What the model said beside its calls, in order."""
    return [
        step["content"] for step in turn.steps if step["role"] == "assistant" and step["content"]
    ]


def _tool_call_view(
    turn: Turn,
    call: Mapping[str, Any],
    outcomes: Mapping[str, Outcome],
    approval: Approval | None,
) -> dict[str, Any]:
    answered = turn.answered_calls().get(call["id"])
    outcome = outcomes.get(call["id"])
    if outcome is not None:
        status, result = outcome.status, outcome.text
    elif answered is not None:
        status, result = answered["status"], answered["content"]
    elif (
        approval is not None and approval.status not in OPEN and approval.status.value != "approved"
    ):
        status, result = approval.status.value, None
    elif turn.is_for_client(call):
        status, result = TurnStatus.AWAITING_CLIENT.value, None
    else:
        status, result = WAITING, None
    view = {
        "id": call["id"],
        "name": call["function"]["name"],
        "arguments": parsed_arguments(call),
        "status": status,
        "result": result,
    }
    is_outside = status == ANSWERED or bool(answered and answered.get("outside"))
    if outcome is not None and approval is not None:
        operations = {one["id"]: one["operation"] for one in approval.calls()}
        is_outside = is_outside or is_outside_text(operations.get(call["id"], ""), status)
    return {**view, "outside": True} if is_outside else view
