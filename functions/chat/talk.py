"""What a turn begins with, what it works with, and how far it can come."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.chat.do_calls import Knowledge
from functions.chat.model import ChatModel
from functions.chat.rooms import Rooms
from functions.chat.tool_calls import CheckedCall
from functions.shared.agent import Agent, Agents
from functions.shared.turn import Turn

Step = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How far a turn came: its steps, whom the conversation is with, and what is known."""

    steps: tuple[Step, ...]
    agent: Agent
    knowledge: Knowledge = Knowledge()
    handed_out: tuple[str, ...] = ()
    """The ids of calls that wait for the client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished(Ending):
    """The turn has its reply."""

    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsApproval(Ending):
    """The model asked for gated calls; it is not called again until they have an outcome or the person writes."""

    calls: tuple[CheckedCall, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitsClient(Ending):
    """The model called functions of the client; it is called again when each has its result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfTime(Ending):
    """The time of this request is over; the turn can go on in the background from these steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What a turn begins with."""

    agent: Agent
    owner: str
    conversation_id: str
    turns: Sequence[Turn]
    """The turns before this one, oldest first."""
    message: str
    turn: int
    now: datetime
    used_ids: frozenset[str] = frozenset()
    """The ids of calls that the conversation holds already, also after this turn."""
    groups: frozenset[str] = frozenset()
    """The groups of who writes."""
    steps: tuple[Step, ...] = ()
    """What an earlier try of this turn has done."""
    knowledge: Knowledge = Knowledge()
    request_id: str = ""
    """The request to the API that this turn answers, for the log of the rooms that it asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What a turn works with."""

    model: ChatModel
    model_name: str
    agents: Agents
    rooms: Rooms
    seconds_left: Callable[[], float]
    may_go_on: bool = False
    """Whether what does not fit into this time is gone on with in the background."""
    files: Callable[[], Sequence[str]] = tuple
    """The names of the files that were uploaded to the conversation."""
    has_tokens: Callable[[], bool] = lambda: True
    remember: Callable[[Ending], None] = lambda ending: None
    """Stores how far the turn is, before something is done that must not be done twice."""
