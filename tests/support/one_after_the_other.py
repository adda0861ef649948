"""A pool that does each thing when it is handed in: no threads, the same order every time."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any


class OneAfterTheOther(Executor):
    def submit(self, do: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(do(*args, **kwargs))
        except Exception as error:  # noqa: BLE001
            future.set_exception(error)
        return future
