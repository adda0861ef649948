"""Steps collected by owner and handed over many at a time, several at once: 10,000 entries are 400 invocations."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.shared.aws import error_code
from functions.shared.observe import logger
from functions.sweep.due import Step

PER_INVOCATION = 25
AT_ONCE = 8

Invoke = Callable[[str, Mapping[str, Any]], None]


@dataclass
class Handover:
    """`owners`: the function of each step. Used as a context: at its end everything collected is handed over."""

    owners: Mapping[Step, str]
    invoke: Invoke
    seconds_left: Callable[[], float]
    failed: int = 0
    """Invocations that were refused, or that time did not allow; the entries stay due."""
    _waiting: dict[Step, list[Any]] = field(default_factory=dict)
    _sent: list[Future[None]] = field(default_factory=list)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE))

    def __enter__(self) -> "Handover":
        return self

    def __exit__(self, *_: object) -> None:
        """Also after an error: what was collected is handed over."""
        for step in list(self._waiting):
            self._hand_over(step)
        done, undone = wait(self._sent, timeout=max(0.0, self.seconds_left()))
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.failed = len(undone)
        for error in filter(None, (sent.exception() for sent in done)):
            if not isinstance(error, BotoCoreError | ClientError):
                raise error
            self.failed += 1
            logger.warning("an owner could not be invoked", code=error_code(error))

    def add(self, step: Step, what: object) -> None:
        """One entry for one step; handed over when there are enough, or at the end."""
        waiting = self._waiting.setdefault(step, [])
        waiting.append(what)
        if len(waiting) == PER_INVOCATION:
            self._hand_over(step)

    def send(self, step: Step, payload: Mapping[str, Any]) -> None:
        """One invocation."""
        self._sent.append(self._pool.submit(self.invoke, self.owners[step], payload))

    def _hand_over(self, step: Step) -> None:
        entries = self._waiting.pop(step)
        many = "leases" if step is Step.END_LEASE else "approval_ids"
        self.send(step, {"v": 2, "command": step.value, many: entries})
