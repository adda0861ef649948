"""Countersigned calls of other kinds than `aws`: their own room carries each out, asked once.

Whatever goes out may take effect even if its answer is lost, so a call that was handed over is never handed over again,
unless its manifest names a header by which the service knows a repeat. Python in the sandbox changes nothing outside
its conversation, where a call is kept once: a repeat of it is harmless.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
)

from functions.launch_instance.ec2_errors import LaunchAmbiguous
from functions.shared.approval import Outcome
from functions.shared.approved_call import ApprovedCall
from functions.shared.aws import error_code
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.ledger import Ledger, LedgerRow
from functions.shared.observe import logger

STATUSES = frozenset({"succeeded", "failed", "unknown"})
NOTHING = "Nothing was sent."
NOTHING_RUN = "Nothing was run."
NOT_DEPLOYED = "sandbox_not_deployed"
NO_SANDBOX = (
    f"This deployment runs no Python any more: the sandbox is not deployed ({NOT_DEPLOYED})."
)
UNCLEAR = Outcome(
    "unknown",
    "It was handed over and no clear answer came, so it may have taken effect; nobody sends it again. Look there "
    "before you ask again.",
)
UNCLEAR_RUN = Outcome(
    "unknown",
    "It was handed to the sandbox and no clear answer came, so it may have run; it can have changed nothing outside "
    "this conversation. Ask again if you need its result.",
)
_SENT_BY_NOBODY = ("TemporarilyUnavailable", "LaunchRefused")
"""What the room raises before anything goes out."""


class NotSent(Exception):
    """The room was not reached, or stopped before anything went out; `refused` is its sentence if it never will."""

    def __init__(self, code: str, refused: str = "") -> None:
        super().__init__(code)
        self.refused = refused


class NoClearAnswer(Exception):
    """It may have gone out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Another room, by its function's name; `client` waits as long as it may take, and never asks again."""

    client: Callable[[], Any]
    function: str
    """Empty: this deployment has none."""
    version: int = 2
    """Of the command that it reads."""
    nothing: str = NOTHING
    """The sentence for what was not done."""
    unclear: Outcome = UNCLEAR
    """What is told where no clear answer came."""
    takes_repeats: bool = False
    """Whether running a call twice does no more than running it once."""

    def run(self, approved: ApprovedCall) -> Outcome:
        """What the room says became of the call. Raises `NotSent` or `NoClearAnswer`."""
        if not self.function:
            raise NotSent(NOT_DEPLOYED, NO_SANDBOX)
        command = {
            "v": self.version,
            "command": "approved",
            "approval_id": approved.approval.id,
            "call_id": approved.id,
            "digest": approved.approval.digest,
        }
        try:
            answer = self.client().invoke(
                FunctionName=self.function,
                InvocationType="RequestResponse",
                Payload=json.dumps(command).encode(),
            )
            payload = json.loads(answer["Payload"].read())
        except (ConnectTimeoutError, EndpointConnectionError) as error:
            raise NotSent(error_code(error)) from error
        except ClientError as error:
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            kind = NotSent if 400 <= status < 500 else NoClearAnswer
            raise kind(error_code(error)) from error
        except (BotoCoreError, ValueError) as error:
            raise NoClearAnswer(type(error).__name__) from error
        if "FunctionError" in answer:
            raise _failure(payload)
        return _outcome(payload)


def run_action_room(client: Callable[[], Any], function: str) -> Room:
    """The room that reaches hosts outside AWS."""
    return Room(client=client, function=function)


def sandbox_room(client: Callable[[], Any], function: str) -> Room:
    """The room that brings code to the sandbox."""
    return Room(
        client=client,
        function=function,
        version=1,
        nothing=NOTHING_RUN,
        unclear=UNCLEAR_RUN,
        takes_repeats=True,
    )


def _failure(payload: Any) -> NotSent | NoClearAnswer:
    told: Mapping[str, Any] = payload if isinstance(payload, dict) else {}
    name = str(told.get("errorType", ""))
    if name not in _SENT_BY_NOBODY:
        return NoClearAnswer(name)
    is_final = name == "LaunchRefused"
    return NotSent(name, str(told.get("errorMessage", "")) if is_final else "")


def _outcome(payload: Any) -> Outcome:
    try:
        status, text = payload["status"], payload["text"]
    except (KeyError, TypeError) as error:
        raise NoClearAnswer("its answer cannot be read") from error
    if status not in STATUSES or not isinstance(text, str):
        raise NoClearAnswer("its answer cannot be read")
    return Outcome(status, text)


def hand_over(
    approved: ApprovedCall,
    *,
    room: Room,
    ledger: Ledger,
    row: LedgerRow | None,
    may_send: bool,
) -> Outcome:
    """Carry the call out once.

    Raises `TemporarilyUnavailable` where nothing went out, and `LaunchAmbiguous` where a repeat is harmless.
    """
    key = (approved.approval.id, approved.id)
    was_sent = row is not None and row.sent
    is_repeatable = room.takes_repeats or bool(_action_of(approved).get("idempotency_header"))
    if was_sent and not (is_repeatable and may_send):
        return room.unclear
    if row is not None and not row.sent and not ledger.send_again(*key):
        raise LaunchAmbiguous("Another try of this call has ended meanwhile.")
    try:
        return room.run(approved)
    except NotSent as error:
        logger.warning("nothing was sent", code=str(error))
        if was_sent:
            raise LaunchAmbiguous(str(error)) from error
        if error.refused:
            return Outcome("denied", f"{error.refused} {room.nothing}")
        ledger.nothing_taken(*key)
        raise TemporarilyUnavailable(str(error)) from error
    except NoClearAnswer as error:
        logger.warning("the room gave no clear answer", code=str(error))
        if is_repeatable:
            raise LaunchAmbiguous(str(error)) from error
        return room.unclear


def _action_of(approved: ApprovedCall) -> Mapping[str, Any]:
    action: Mapping[str, Any] = (approved.call.get("parameters") or {}).get("action") or {}
    return action
