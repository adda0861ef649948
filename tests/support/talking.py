"""The loop of one turn without a table: a model and rooms that are told what to say."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from functions.chat.converse import converse
from functions.chat.do_calls import Knowledge
from functions.chat.talk import Ending, Talk, Tools
from functions.shared.agent import Agent, UnknownAgent
from functions.shared.turn import Turn, TurnStatus
from tests.support.agents import ec2_agent
from tests.support.chat_completions import check_valid
from tests.support.fake_model import FakeModel
from tests.support.fake_rooms import FakeRooms

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Known:
    """`Agents` of those a test names."""

    def __init__(self, agents: Sequence[Agent]) -> None:
        self._agents = {agent.id: agent for agent in agents}

    def get(self, agent_id: str) -> Agent:
        if agent_id not in self._agents:
            raise UnknownAgent(agent_id)
        return self._agents[agent_id]

    def all(self) -> list[Agent]:
        return list(self._agents.values())


def converse_once(
    model: FakeModel,
    *,
    agent: Agent | None = None,
    agents: Sequence[Agent] = (),
    rooms: FakeRooms | None = None,
    message: str = "start one",
    turns: Sequence[Turn] = (),
    steps: Sequence[Mapping[str, Any]] = (),
    knowledge: Knowledge | None = None,
    seconds: float = 20.0,
    groups: frozenset[str] = frozenset(),
    remember: Any = lambda ending: None,
    may_go_on: bool = False,
    files: Sequence[str] = (),
    look_for_files: Any = None,
) -> Ending:
    """One turn; every history that the model was sent is one that a service takes."""
    with_whom = agent or ec2_agent()
    ending = converse(
        Talk(
            agent=with_whom,
            owner="owner",
            conversation_id="conversation",
            turns=turns,
            message=message,
            turn=len(turns) + 1,
            used_ids=frozenset(call["id"] for one in turns for call in one.tool_calls()),
            now=NOW,
            groups=groups,
            steps=tuple(steps),
            knowledge=knowledge or Knowledge(),
        ),
        Tools(
            model=model,
            model_name="m",
            agents=Known([with_whom, *agents]),  # type: ignore[arg-type]
            rooms=rooms or FakeRooms(),
            seconds_left=lambda: seconds,
            remember=remember,
            may_go_on=may_go_on,
            files=look_for_files or (lambda: files),
        ),
    )
    for asked in model.asked:
        check_valid(asked.messages)
    return ending


def earlier_turn(call_id: str) -> Turn:
    """A completed turn in which this call was refused."""
    called = {"id": call_id, "type": "function", "function": {"name": "f", "arguments": "{}"}}
    return Turn(
        number=1,
        status=TurnStatus.COMPLETED,
        message="hello",
        reply="Hello.",
        agent="ec2",
        manifest="0" * 12,
        created_at="2026-01-02T03:04:05Z",
        request="r",
        steps=(
            {"role": "assistant", "content": None, "tool_calls": [called]},
            {"role": "tool", "tool_call_id": call_id, "content": "{}", "status": "refused"},
        ),
    )
