"""The sandbox behind Lambda's API: one run, asked for within the time that is left and the size that an event may have.

A run changes nothing outside, so it may be asked for again; that is done only where it did not begin: Lambda was busy,
not reached, or still making ready a function that nobody had called for weeks, which takes a minute. A function that
failed would fail again, and one that has not answered in time may still be at work.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from functions.ask_sandbox.answer import Answer
from functions.ask_sandbox.failure import CallFailed, OutOfTime
from functions.ask_sandbox.time_left import TimeLeft, allowed_seconds, waiting_seconds
from functions.shared.aws import error_code, will_pass
from functions.shared.observe import logger

EVENT_BYTES = 6_291_456
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: invocation payload, each way."""
PAUSES_SECONDS = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0)
"""Before each try."""
NO_ANSWER = "The sandbox gave no answer that can be used; nothing of this call is kept."
NOT_NOW = (
    "The sandbox cannot be reached just now; nothing of this call is kept. Call again in a moment."
)
TOO_LARGE = (
    "This conversation's cells and files are more than Python can be handed at once (6 MB): "
    "remove files, or begin a new conversation."
)
_STOPPED_BY_TIME = frozenset({"time_limit", "no_start"})
_NOT_READY = frozenset(
    {"ENINotReadyException", "ResourceConflictException", "ResourceNotReadyException"}
)
_TOO_LARGE_CODES = frozenset({"RequestTooLargeException", "RequestEntityTooLargeException", "413"})


@dataclass(frozen=True, slots=True)
class Run:
    """What came back, and how."""

    answer: Answer
    seconds: float
    """From the question to the answer."""
    had_snapshot: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """The room run_code, by its function's name."""

    client: Callable[[float], Any]
    """A Lambda client that waits so many seconds for an answer, and asks once."""
    function: str
    most_seconds: float
    """The longest that code may run."""
    sleep: Callable[[float], None] = time.sleep

    def run(self, event: Mapping[str, Any], *, tenant: str, time_left: TimeLeft) -> Run:
        """The answer to an event without its seconds; a snapshot that does not fit is left behind.

        Raises `CallFailed`, or `OutOfTime` where more time may give a result.
        """
        for pause in PAUSES_SECONDS:
            self.sleep(pause)
            seconds = allowed_seconds(time_left.seconds(), self.most_seconds)
            if seconds is None:
                raise OutOfTime
            payload, had_snapshot = fitting({**event, "seconds": round(seconds, 1)})
            is_short = seconds < self.most_seconds
            begun = time_left.clock()
            try:
                answer = self._ask(payload, tenant, time_left)
            except _MayPass as busy:
                logger.warning("the sandbox was not reached", error=str(busy))
                continue
            except ReadTimeoutError as late:
                logger.warning("the sandbox did not answer in time")
                if is_short:
                    raise OutOfTime from late
                raise CallFailed("sandbox_unavailable", NO_ANSWER) from late
            if is_short and answer.code in _STOPPED_BY_TIME:
                raise OutOfTime
            return Run(answer, time_left.clock() - begun, had_snapshot)
        raise CallFailed("sandbox_unavailable", NOT_NOW, will_pass=True)

    def _ask(self, payload: bytes, tenant: str, time_left: TimeLeft) -> Answer:
        """Raises `_MayPass`, `ReadTimeoutError` or `CallFailed`."""
        wait = waiting_seconds(time_left.seconds(), self.most_seconds)
        try:
            answer = self.client(wait).invoke(
                FunctionName=self.function,
                InvocationType="RequestResponse",
                TenantId=tenant,
                Payload=payload,
            )
            content = answer["Payload"].read()
        except ReadTimeoutError:
            raise
        except (BotoCoreError, ClientError) as error:
            if will_pass(error) or error_code(error) in _NOT_READY:
                raise _MayPass(error_code(error)) from error
            if error_code(error) in _TOO_LARGE_CODES:
                raise CallFailed("notebook_too_large", TOO_LARGE) from error
            logger.error("the sandbox cannot be asked", error=error_code(error))
            raise CallFailed("sandbox_unavailable", NO_ANSWER) from error
        if "FunctionError" in answer:
            logger.error("the sandbox failed", error=_name_of(content))
            raise CallFailed("sandbox_unavailable", NO_ANSWER)
        try:
            return Answer.model_validate(json.loads(content))
        except (ValueError, RecursionError) as error:
            logger.error("the sandbox's answer cannot be read")
            raise CallFailed("sandbox_unavailable", NO_ANSWER) from error


class _MayPass(Exception):
    """Lambda did not take the call; asked again, it may."""


def fitting(event: Mapping[str, Any]) -> tuple[bytes, bool]:
    """The event as it is sent, and whether its snapshot went along; raises `CallFailed` where it is too large."""
    payload = _written(event)
    if len(payload) <= EVENT_BYTES:
        return payload, "snapshot" in event
    if "snapshot" in event:
        payload = _written({name: part for name, part in event.items() if name != "snapshot"})
    if len(payload) > EVENT_BYTES:
        raise CallFailed("notebook_too_large", TOO_LARGE)
    return payload, False


def _written(event: Mapping[str, Any]) -> bytes:
    text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def _name_of(content: bytes) -> str:
    """The class of what was raised there; never its message, which may hold what was sent."""
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    return str(told.get("errorType", ""))[:64] if isinstance(told, dict) else ""
