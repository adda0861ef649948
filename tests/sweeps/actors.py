"""Several acts at once, of which exactly one runs at any moment: who, somebody else decides."""

import threading
from collections.abc import Callable


class Actor:
    """An act on a thread of its own that runs only while it is told to."""

    _now = threading.local()

    def __init__(self, act: Callable[[], None]) -> None:
        self._mine, self._theirs = threading.Semaphore(0), threading.Semaphore(0)
        self._is_done = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(act,), daemon=True)
        self._thread.start()

    def go_on(self) -> bool:
        """Up to its next outward call; whether it has ended."""
        self._mine.release()
        self._theirs.acquire()
        if self._error is not None:
            raise self._error
        return self._is_done

    def pause(self) -> None:
        self._theirs.release()
        self._mine.acquire()

    def _run(self, act: Callable[[], None]) -> None:
        self._mine.acquire()
        Actor._now.actor = self
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - raised again where the race is run
            self._error = error
        self._is_done = True
        self._theirs.release()


def pause() -> None:
    """Let another actor go on."""
    actor: Actor | None = getattr(Actor._now, "actor", None)
    if actor is not None:
        actor.pause()
