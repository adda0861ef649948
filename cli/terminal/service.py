"""The product's HTTP API as one person uses it."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from uuid import uuid4

import httpx

from cli.terminal.failures import CommandFailed, NoNetwork, NotSignedIn, Refused

ANSWER_SECONDS = 35.0
"""The gateway gives up at 30."""
CONNECT_SECONDS = 5.0
TRIES = 3
PAUSE_SECONDS = 1.0
SIGN_IN_AGAIN = "sign_in_again"

Answer = dict[str, Any]


class Tokens(Protocol):
    """Whose access tokens the requests carry."""

    @property
    def url(self) -> str:
        """The deployment's address, without a slash at its end."""

    def access_token(self, *, fresh: bool = False) -> str:
        """A token that is still valid; `fresh`: another one than last time. Raises `NotSignedIn`."""


class Service:
    """Each method is one request, repeated where that is safe; raises `CommandFailed` of some kind."""

    def __init__(
        self,
        tokens: Tokens,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        new_key: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self._tokens = tokens
        self._sleep = sleep
        self._new_key = new_key
        self._client = httpx.Client(
            base_url=tokens.url,
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            headers={"Accept": "application/json", "User-Agent": "countersign-terminal"},
            transport=transport,
        )

    def agents(self) -> list[Answer]:
        agents: list[Answer] = self._call("GET", "/agents")["agents"]
        return agents

    def chat(
        self, message: str, *, conversation_id: str | None = None, agent: str | None = None
    ) -> Answer:
        """One turn; the same key on every try, so that a repeat answers and does not ask twice."""
        said = {"message": message, "conversation_id": conversation_id, "agent": agent}
        body = {name: value for name, value in said.items() if value}
        return self._call("POST", "/chat", body, headers={"Idempotency-Key": self._new_key()})

    def conversations(self, *, limit: int = 30) -> list[Answer]:
        """The newest ones first."""
        answer = self._call("GET", "/conversations", query={"limit": limit})
        found: list[Answer] = answer["conversations"]
        return found

    def conversation(self, conversation_id: str, *, limit: int = 100, before: int = 0) -> Answer:
        """The newest turns, oldest first."""
        query = {"limit": limit, **({"before": before} if before else {})}
        return self._call("GET", f"/conversations/{conversation_id}", query=query)

    def whole_conversation(self, conversation_id: str) -> Answer:
        """Every turn, page by page."""
        page = self.conversation(conversation_id)
        turns = list(page["turns"])
        while page["before"]:
            page = self.conversation(conversation_id, before=page["before"])
            turns = [*page["turns"], *turns]
        return {**page, "turns": turns, "before": None}

    def delete_conversation(self, conversation_id: str) -> None:
        self._call("DELETE", f"/conversations/{conversation_id}")

    def approvals(self, status: str = "pending", *, limit: int = 30) -> list[Answer]:
        answer = self._call("GET", "/approvals", query={"status": status, "limit": limit})
        found: list[Answer] = answer["approvals"]
        return found

    def approval(self, approval_id: str) -> Answer:
        return self._call("GET", f"/approvals/{approval_id}")

    def decide(self, approval_id: str, *, decision: str, digest: str, reason: str = "") -> Answer:
        """The same decision on the same digest again answers with what is stored."""
        body = {"decision": decision, "digest": digest, **({"reason": reason} if reason else {})}
        return self._call("POST", f"/approvals/{approval_id}/decision", body)

    def cancel(self, approval_id: str) -> Answer:
        return self._call("POST", f"/approvals/{approval_id}/cancel", {})

    def health(self) -> Answer:
        """What runs there: its stage, its model, and whether it launches."""
        return self._call("GET", "/healthz")

    def freeze(self) -> Answer:
        """The switch as it is now."""
        return self._call("GET", "/freeze")

    def set_freeze(self, *, frozen: bool, reason: str) -> Answer:
        """Setting it to the same again changes who said so last, and nothing else."""
        return self._call("POST", "/freeze", {"frozen": frozen, "reason": reason})

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        given = {"params": query, "json": body, "headers": dict(headers or {})}
        answer = self._answer(method, path, given, self._tokens.access_token())
        if answer.status_code == 401 and _problem(answer).get("code") != SIGN_IN_AGAIN:
            answer = self._answer(method, path, given, self._tokens.access_token(fresh=True))
        if answer.is_success:
            return _object(answer) if answer.content else {}
        if answer.status_code == 401:
            sentence = str(_problem(answer).get("detail") or "Your sign-in is over.")
            raise NotSignedIn(sentence, url=self._tokens.url)
        raise Refused(answer.status_code, _problem(answer))

    def _answer(
        self, method: str, path: str, given: Mapping[str, Any], token: str
    ) -> httpx.Response:
        """Every call of this API may be repeated: reads, what has a key, what is decided once."""
        headers = {**given["headers"], "Authorization": f"Bearer {token}"}
        for attempt in range(1, TRIES + 1):
            try:
                return self._client.request(
                    method, path, params=given["params"], json=given["json"], headers=headers
                )
            except httpx.TransportError as error:
                if attempt == TRIES:
                    raise NoNetwork(self._tokens.url, _reason(error)) from error
                self._sleep(PAUSE_SECONDS * attempt)
        raise AssertionError(TRIES)


def _reason(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    return str(error) or type(error).__name__


def _problem(answer: httpx.Response) -> Mapping[str, Any]:
    """What a problem says; the gateway's own answers say `message`."""
    try:
        value = json.loads(answer.content)
    except ValueError:
        return {}
    if not isinstance(value, dict):
        return {}
    return value if "detail" in value else {**value, "detail": value.get("message")}


def _object(answer: httpx.Response) -> Answer:
    try:
        value = json.loads(answer.content)
    except ValueError as error:
        raise CommandFailed("The service's answer cannot be read; is this its address?") from error
    if not isinstance(value, dict):
        raise CommandFailed("The service's answer cannot be read; is this its address?")
    return value
