"""What a turn needs, what comes in and what comes out of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.chat.ask_approval import Workflow
from functions.chat.idempotency import Claims
from functions.chat.model import ChatModel
from functions.chat.rooms import Rooms
from functions.chat.spending import ChatBudgets
from functions.shared.agent import Agents
from functions.shared.approval import Approval
from functions.shared.approval_table import ApprovalTable
from functions.shared.conversation_table import ConversationTable
from functions.shared.targets import Targets
from functions.shared.turn import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatDeps:
    """All that chat does to the outside, made once per Lambda."""

    conversations: ConversationTable
    approvals: ApprovalTable
    claims: Claims
    agents: Agents
    model: ChatModel
    model_name: str
    budgets: ChatBudgets
    rooms: Rooms
    """Where calls are done that nobody has to countersign."""
    files: Callable[[str, str], Sequence[str]]
    """The names of what somebody uploaded to a conversation."""
    workflow: Workflow
    targets: Targets
    sandbox: Mapping[str, Any]
    """What confines code, and for how many seconds it may run; empty where there is none."""
    launch: str
    """`live`, or `dry_run`: shadow mode."""
    go_on: Callable[[Mapping[str, Any]], None]
    """Invokes continue_turn asynchronously with a command."""
    write_conflicts: tuple[type[Exception], ...]
    """What the store raises when a condition fails: the client makes its exception classes itself."""
    new_id: Callable[[], str]
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Taken:
    """A stored turn, with its approval where it has been read or made."""

    conversation_id: str
    turn: Turn
    approval: Approval | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What came in: who, where, what; `request` names this request in the turn it makes.

    An empty message lets the agent begin, or go on after its calls were answered.
    """

    owner: str
    conversation_id: str
    message: str
    agent_id: str | None
    request: str
    groups: frozenset[str] = frozenset()
    """The groups of who asks, by the token."""
    request_id: str = ""
    """The request to the API, as its log lines name it; `request` is a client's own key where it sent one."""
