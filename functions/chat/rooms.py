"""Calls that chat hands to another room: one invocation per answer and room, never twice."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from functions.chat.history import result_text
from functions.chat.tool_calls import CheckedCall
from functions.shared.agent import Agent
from functions.shared.kinds import Place
from functions.shared.observe import logger

NO_ANSWER = "The room that does this gave no answer; it is not known whether it ran."
OUT_OF_TIME = "out_of_time"
STATUSES = frozenset({"succeeded", "failed", "gated", "unknown", OUT_OF_TIME})
FOREGROUND_SECONDS = 20.0
"""What calls may take while somebody waits for the answer."""
SECONDS = {
    Place.CATALOGUE: FOREGROUND_SECONDS,
    Place.RUN_ACTION: FOREGROUND_SECONDS,
    Place.SANDBOX: 150.0,
}
"""The longest that a room is given for the calls of one answer."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a call gave: `gated` means that a person has to countersign it after all.

    `out_of_time`: it took longer than it was given, did nothing, and may be done again with more time.
    """

    status: str
    text: str
    is_outside_text: bool = False
    """Whether somebody outside wrote it."""


@dataclass(frozen=True, slots=True)
class Whose:
    """The conversation that calls belong to."""

    owner: str
    conversation_id: str
    turn: int
    request_id: str = ""
    """The request to the API that they were asked for in, for the log."""


class Rooms(Protocol):
    def has(self, place: Place) -> bool:
        """Whether this deployment has the room."""

    def run(
        self,
        place: Place,
        agent: Agent,
        calls: Sequence[CheckedCall],
        seconds: float,
        whose: Whose,
    ) -> list[Result]:
        """The result of every call in order; a room that fails gives results that say so."""


class LambdaRooms:
    """Rooms by their functions' names; the Lambda client never retries, because a call may have run.

    `client` is told how many seconds it may have to wait.
    """

    def __init__(self, client: Callable[[float], Any], functions: Mapping[Place, str]) -> None:
        self._client = client
        self._functions = functions

    def has(self, place: Place) -> bool:
        return bool(self._functions.get(place))

    def run(
        self,
        place: Place,
        agent: Agent,
        calls: Sequence[CheckedCall],
        seconds: float,
        whose: Whose,
    ) -> list[Result]:
        from botocore.exceptions import BotoCoreError, ClientError

        seconds = round(min(seconds, SECONDS[place]), 1)
        event = {
            "v": 1,
            "agent": agent.id,
            "manifest": agent.digest,
            "seconds": seconds,
            "calls": [_handed_over(call) for call in calls],
            "request_id": whose.request_id,
        }
        if place is Place.SANDBOX:
            # Only there does it matter: the conversation's own notebook, files and environment.
            event |= asdict(whose)
        try:
            answer = self._client(seconds).invoke(
                FunctionName=self._functions[place],
                InvocationType="RequestResponse",
                Payload=json.dumps(event).encode(),
            )
            payload = answer["Payload"].read()
        except (BotoCoreError, ClientError) as error:
            logger.warning("a room gave no answer", place=place.value, error=type(error).__name__)
            return [Result("unknown", NO_ANSWER)] * len(calls)
        if "FunctionError" in answer:
            logger.warning("a room failed", place=place.value)
            return [Result("unknown", NO_ANSWER)] * len(calls)
        return _results(payload, calls)


def _handed_over(call: CheckedCall) -> dict[str, Any]:
    operation = call.action.operation if call.action else ""
    return {
        "id": call.id,
        "function": call.name,
        **({"operation": operation} if operation else {}),
        "arguments": dict(call.arguments or {}),
    }


def _results(payload: bytes, calls: Sequence[CheckedCall]) -> list[Result]:
    """What the room said of each call; a room that is a release ahead or behind is not guessed at."""
    try:
        said = {
            str(one["id"]): Result(str(one["status"]), result_text(str(one["text"])))
            for one in json.loads(payload)["results"]
        }
    except (ValueError, KeyError, TypeError):
        logger.warning("a room's answer cannot be read")
        said = {}
    results = [said.get(call.id, Result("unknown", NO_ANSWER)) for call in calls]
    return [
        result if result.status in STATUSES else Result("unknown", NO_ANSWER) for result in results
    ]
