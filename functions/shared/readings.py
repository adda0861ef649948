"""What AWS is asked: many questions at once, each asked once, and nobody waits longer than the deadline."""

import json
import time
from collections.abc import Mapping
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from functions.shared.aws import error_code
from functions.shared.visible_text import visible

CODE_CHARACTERS = 128
WORKERS = 8
SECONDS = 12.0
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


class NotRead(Exception):
    """AWS denied it, failed or was too slow; the text says which, for people."""


class Refused(Exception):
    """AWS answered with one of the codes that the question was prepared for."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Reading:
    """One question that is on its way."""

    def __init__(self, future: Future[dict[str, Any]], until: float) -> None:
        self._future = future
        self._until = until

    def answer(self, *prepared_for: str) -> dict[str, Any]:
        """What AWS answered; raises `Refused` with one of the codes named, else `NotRead`."""
        try:
            return self._future.result(timeout=max(0.0, self._until - time.monotonic()))
        except (TimeoutError, CancelledError) as error:
            raise NotRead("AWS did not answer in time") from error
        except (BotoCoreError, ClientError, ResponseParserError) as error:
            code = error_code(error)
            if code in prepared_for:
                raise Refused(code) from error
            verb = "denied it" if code in _DENIED else "gave no answer"
            raise NotRead(f"AWS {verb} ({visible(code)[:CODE_CHARACTERS]})") from error


class Readings:
    """The questions of one request; used as a context, it lets go of those still unanswered."""

    def __init__(
        self,
        clients: Mapping[str, Any],
        *,
        seconds: float = SECONDS,
        pool: Executor | None = None,
    ) -> None:
        self._clients = clients
        self._until = time.monotonic() + seconds
        self._pool = pool or ThreadPoolExecutor(WORKERS, thread_name_prefix="reading")
        self._asked: dict[str, Future[dict[str, Any]]] = {}

    def ask(self, service: str, operation: str, **parameters: Any) -> Reading:
        """Ask now, read later; the same question again is the same reading."""
        key = json.dumps([service, operation, parameters], sort_keys=True)
        if key not in self._asked:
            client = self._clients[service]
            self._asked[key] = self._pool.submit(_all_pages, client, operation, parameters)
        return Reading(self._asked[key], self._until)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def _all_pages(client: Any, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    if client.can_paginate(operation):
        pages = client.get_paginator(operation).paginate(**parameters)
        return dict(pages.build_full_result())
    return dict(getattr(client, operation)(**parameters))
