"""Calls that chat hands to another room: one invocation per answer and room, never twice."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from functions.chat.history import result_text
from functions.chat.tool_calls import CheckedCall
from functions.shared.agent import Agent
from functions.shared.kinds import Place
from functions.shared.observe import logger

NO_ANSWER = "The room that does this gave no answer; it is not known whether it ran."
STATUSES = frozenset({"succeeded", "failed", "gated", "unknown"})


@dataclass(frozen=True, slots=True)
class Result:
    """What a call gave: `gated` means that a person has to countersign it after all."""

    status: str
    text: str
    is_outside_text: bool = False
    """Whether somebody outside wrote it."""


class Rooms(Protocol):
    def run(
        self, place: Place, agent: Agent, calls: Sequence[CheckedCall], seconds: float
    ) -> list[Result]:
        """The result of every call in order; a room that fails gives results that say so."""


class LambdaRooms:
    """Rooms by their functions' names; the Lambda client never retries, because a call may have run."""

    def __init__(self, client: Callable[[], Any], functions: Mapping[Place, str]) -> None:
        self._client = client
        self._functions = functions

    def run(
        self, place: Place, agent: Agent, calls: Sequence[CheckedCall], seconds: float
    ) -> list[Result]:
        from botocore.exceptions import BotoCoreError, ClientError

        event = {
            "v": 1,
            "agent": agent.id,
            "manifest": agent.digest,
            "seconds": round(seconds, 1),
            "calls": [_handed_over(call) for call in calls],
        }
        try:
            answer = self._client().invoke(
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
