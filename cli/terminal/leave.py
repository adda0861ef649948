"""Ctrl-C while somebody waits: noticed between two looks and nowhere else, so that no request breaks off half way."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self


class Leave:
    """While it is open, Ctrl-C is kept until the next wait, which raises KeyboardInterrupt."""

    def __init__(self) -> None:
        self._pressed = threading.Event()
        self._before: Any = None

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        signal.signal(signal.SIGINT, self._before)

    def wait(self, seconds: float) -> None:
        """Wait so long; raises KeyboardInterrupt as soon as somebody leaves."""
        if self._pressed.wait(seconds):
            raise KeyboardInterrupt

    def _press(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._pressed.set()
