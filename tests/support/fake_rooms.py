"""Rooms that say what a test told them to, and remember what they were handed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.chat.rooms import Result, Rooms, Whose
from functions.chat.tool_calls import CheckedCall
from functions.shared.agent import Agent
from functions.shared.kinds import Place


@dataclass(frozen=True)
class HandedOver:
    """One invocation of a room."""

    place: Place
    agent: str
    calls: tuple[tuple[str, Mapping[str, Any]], ...]
    seconds: float
    whose: Whose


@dataclass
class FakeRooms:
    """`Rooms` by function name; what has no result here gives "done". Without `python` there is no sandbox."""

    says: dict[str, Result | Callable[[Mapping[str, Any]], Result]] = field(default_factory=dict)
    handed_over: list[HandedOver] = field(default_factory=list)
    python: bool = False
    sandbox: Rooms | None = None
    """Who is really asked for Python."""

    def has(self, place: Place) -> bool:
        return place is not Place.SANDBOX or self.python or self.sandbox is not None

    def run(
        self,
        place: Place,
        agent: Agent,
        calls: Sequence[CheckedCall],
        seconds: float,
        whose: Whose,
    ) -> list[Result]:
        pairs = tuple((call.name, dict(call.arguments or {})) for call in calls)
        self.handed_over.append(HandedOver(place, agent.id, pairs, seconds, whose))
        if place is Place.SANDBOX and self.sandbox is not None:
            return self.sandbox.run(place, agent, calls, seconds, whose)
        return [self._result(name, arguments) for name, arguments in pairs]

    def _result(self, name: str, arguments: Mapping[str, Any]) -> Result:
        said = self.says.get(name, Result("succeeded", "done"))
        return said(arguments) if callable(said) else said
