"""Faults on order: the next calls of an action answer a code, hang, or lose their answer."""

import json
import threading
from dataclasses import dataclass
from typing import Any, Literal

from local.emulator.ec2.record import told, write
from local.emulator.ec2.wire import (
    Answer,
    Handler,
    Parameters,
    around_every_action,
    flat,
    is_dry_run,
    refusal,
)

HEADER = "x-countersign-fault"
STATUSES = {
    "InsufficientInstanceCapacity": 500,
    "InternalError": 500,
    "RequestLimitExceeded": 503,
    "Unavailable": 503,
    "UnauthorizedOperation": 403,
}


@dataclass(slots=True, kw_only=True)
class Fault:
    """What befalls the next `times` calls of `action` whose parameters hold `where`."""

    action: str
    where: dict[str, str]
    about: str = ""
    """A value that some parameter has, for instance the approval in a tag."""
    times: int = 1
    code: str = ""
    message: str = "A fault on order."
    then: Literal["answer", "hang", "drop"] = "answer"
    seconds: float = 0
    effect: bool = False
    """Whether AWS does what was asked before the answer goes wrong."""
    dry_run: bool = False
    """Whether it befalls calls that only ask, instead of real ones."""

    def befalls(self, action: str, asked: dict[str, str]) -> bool:
        """Whether this call is one of those meant."""
        matches = all(asked.get(name) == value for name, value in self.where.items())
        is_about = not self.about or self.about in asked.values()
        is_meant = matches and is_about and self.dry_run == is_dry_run(asked)
        return self.times > 0 and self.action == action and is_meant


_ordered: list[Fault] = []
_ordering = threading.Lock()


def order(body: bytes) -> None:
    """Add a fault, given as a JSON object with the fields of `Fault`."""
    wish: dict[str, Any] = json.loads(body)
    with _ordering:
        _ordered.append(Fault(**{"where": {}, **wish}))


def cancel_all() -> None:
    """Forget every fault that has not happened yet."""
    with _ordering:
        _ordered.clear()


def faults_can_be_ordered() -> None:
    """Stock: EC2 never fails. Here: tests order a fault (`local.emulator.control`), and it
    happens behind IAM; to dry runs only if it says so."""

    def faulty(action: str, handler: Handler) -> Handler:
        def handle(parameters: Parameters) -> Answer:
            fault = _take(action, flat(parameters))
            return (
                handler(parameters)
                if fault is None
                else _happen(fault, action, handler, parameters)
            )

        return handle

    around_every_action(faulty)


def _take(action: str, asked: dict[str, str]) -> Fault | None:
    with _ordering:
        for fault in _ordered:
            if fault.befalls(action, asked):
                fault.times -= 1
                return fault
    return None


def _happen(fault: Fault, action: str, handler: Handler, parameters: Parameters) -> Answer:
    code = fault.code or "InternalError"
    answer = refusal(code, fault.message, STATUSES.get(code, 400))
    if fault.effect:
        done = handler(parameters)
        answer = answer if fault.code else done
    else:
        write(action, flat(parameters), told(answer))
    if fault.then != "answer":
        answer = (answer[0], {**answer[1], HEADER: f"{fault.then} {fault.seconds}"}, answer[2])
    return answer
