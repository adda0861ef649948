"""The model: one Chat Completions request over HTTP, within a deadline. The only file that imports openai.

https://platform.openai.com/docs/api-reference/chat/create

ModelFailure
├── ModelUnauthorized   the key is refused
├── ModelKeyMissing     the key cannot be read, or is empty
├── ModelOverloaded     429: too many requests, or no quota
├── ModelRefused        another 4xx: the request is not taken
├── ModelBroken         5xx
├── ModelUnreachable    no connection
├── ModelTimeout        no whole answer in time
└── ModelBadAnswer      an answer that is not a chat completion
"""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

ANSWER_BYTES = 1024 * 1024
CONNECT_SECONDS = 5.0
MOST_TOKENS = 10_000_000
"""More than any one answer can cost: what a service says beyond it is nonsense."""
NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})
HEADLINE = "Unable to generate ChatCompletion response"


class ModelFailure(Exception):
    """The model gave no usable answer; the text is ours, never the provider's body."""

    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_GATEWAY
    code: ClassVar[str] = "model_failed"
    sentence: ClassVar[str] = "The model failed."
    retryable: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__(f"{HEADLINE}\nException: {self.sentence}")


class ModelUnauthorized(ModelFailure):
    code = "model_unauthorized"
    sentence = "The model's service refused our key; the operator must set a valid one."


class ModelKeyMissing(ModelFailure):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "model_key_missing"
    sentence = "The key for the model's service could not be read; the operator must set one."


class ModelOverloaded(ModelFailure):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "model_overloaded"
    sentence = "The model's service takes no more requests right now, or its quota is used up."


class ModelRefused(ModelFailure):
    code = "model_refused"
    sentence = "The model's service did not accept the request."
    retryable = False


class ModelBroken(ModelFailure):
    code = "model_failed"
    sentence = "The model's service had an error of its own."


class ModelUnreachable(ModelFailure):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "model_unreachable"
    sentence = "The model's service could not be reached."


class ModelTimeout(ModelFailure):
    status = HTTPStatus.GATEWAY_TIMEOUT
    code = "model_timeout"
    sentence = "The model did not answer in time."


class ModelBadAnswer(ModelFailure):
    code = "model_bad_answer"
    sentence = "The model's service sent an answer that cannot be read."


_FAILURES: tuple[type[ModelFailure], ...] = (ModelFailure, *ModelFailure.__subclasses__())
STATUS_OF: Mapping[str, HTTPStatus] = {failure.code: failure.status for failure in _FAILURES}
"""The HTTP status of each failure's code."""


@dataclass(frozen=True, slots=True)
class RequestedCall:
    """A tool call as the model wrote it: nothing about it is checked yet."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Answer:
    text: str
    calls: tuple[RequestedCall, ...]
    finish_reason: str
    tokens: int
    """Prompt and completion, as the service counts them; 0 where it does not say."""


class ChatModel(Protocol):
    def answer(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]],
        tool_choice: Any,
        seconds: float,
        options: Mapping[str, Any] = NO_OPTIONS,
    ) -> Answer:
        """One answer within so many seconds; `options` are members of the request that a manifest sets.

        Raises `ModelFailure`.
        """


class OpenAIChatModel:
    """Any Chat Completions endpoint; `OPENAI_BASE_URL` is read by the SDK itself."""

    def __init__(self, *, name: str, read_key: Callable[[bool], str], max_tokens: int = 0) -> None:
        """`read_key(fresh)` gives the key, from the source itself when `fresh`; raises `ModelKeyMissing`.

        `max_tokens` 0 sends no limit: some compatible services refuse the member.
        """
        self._name = name
        self._max_tokens = max_tokens
        self._read_key = read_key
        self._client: Any = None
        self._key = ""

    def answer(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]],
        tool_choice: Any,
        seconds: float,
        options: Mapping[str, Any] = NO_OPTIONS,
    ) -> Answer:
        body: dict[str, Any] = {"model": self._name, "messages": messages, **options}
        if self._max_tokens:
            body["max_completion_tokens"] = self._max_tokens
        if tools:
            body["tools"] = tools
        if tool_choice is not None:
            body["tool_choice"] = tool_choice
        return _parse(self._post(body, seconds))

    def _post(self, body: Mapping[str, Any], seconds: float) -> bytes:
        import openai

        until = time.monotonic() + seconds
        try:
            try:
                return self._send(body, seconds, fresh_key=False)
            except openai.AuthenticationError:
                return self._send(body, until - time.monotonic(), fresh_key=True)
            except openai.PermissionDeniedError:
                if self._read_key(True) == self._key:
                    raise
                return self._send(body, until - time.monotonic(), fresh_key=False)
        except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
            raise ModelUnauthorized from error
        except openai.RateLimitError as error:
            raise ModelOverloaded from error
        except openai.APITimeoutError as error:
            raise ModelTimeout from error
        except openai.APIConnectionError as error:
            raise ModelUnreachable from error
        except openai.InternalServerError as error:
            raise ModelBroken from error
        except openai.APIStatusError as error:
            raise ModelRefused from error
        except openai.OpenAIError as error:
            raise ModelBadAnswer from error

    def _send(self, body: Mapping[str, Any], seconds: float, *, fresh_key: bool) -> bytes:
        """One request in a thread of its own: a server that drips bytes cannot outlast the deadline."""
        import openai

        key = self._read_key(fresh_key)
        if self._client is not None and key != self._key:
            self._client.close()
            self._client = None
        if self._client is None:
            self._client, self._key = (
                openai.OpenAI(api_key=key, max_retries=0, timeout=seconds),
                key,
            )
        client, result = self._client, _Result()
        worker = threading.Thread(
            target=result.run, args=(lambda: _exchange(client, body, seconds),), daemon=True
        )
        worker.start()
        worker.join(seconds)
        if worker.is_alive():
            self._client = None
            raise ModelTimeout
        return result.get()


class _Result:
    def __init__(self) -> None:
        self._value = b""
        self._error: BaseException | None = None

    def run(self, work: Callable[[], bytes]) -> None:
        try:
            self._value = work()
        except BaseException as error:  # noqa: BLE001 - carried to the thread that waits
            self._error = error

    def get(self) -> bytes:
        if self._error is not None:
            raise self._error
        return self._value


def _exchange(client: Any, body: Mapping[str, Any], seconds: float) -> bytes:
    """The raw body of the answer; the SDK's typed methods would walk every message of the history."""
    import httpx2
    from openai import Stream

    try:
        response = client.post(
            "/chat/completions",
            cast_to=httpx2.Response,
            body=body,
            options={"timeout": httpx2.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))},
            stream=True,
            stream_cls=Stream,
        )
        try:
            received = bytearray()
            for chunk in response.iter_bytes():
                received += chunk
                if len(received) > ANSWER_BYTES:
                    raise ModelBadAnswer
            return bytes(received)
        finally:
            response.close()
    except httpx2.TimeoutException as error:
        raise ModelTimeout from error
    except httpx2.HTTPError as error:
        raise ModelBadAnswer from error


def _parse(raw: bytes) -> Answer:
    try:
        value = json.loads(raw)
        choice = value["choices"][0]
        message = choice["message"]
        calls = tuple(
            RequestedCall(
                id=str(call.get("id") or ""),
                name=str(call["function"]["name"]),
                arguments=_text(call["function"].get("arguments")),
            )
            for call in message.get("tool_calls") or ()
        )
        return Answer(
            text=_text(message.get("content")) or _text(message.get("refusal")),
            calls=calls,
            finish_reason=str(choice.get("finish_reason") or ""),
            tokens=_tokens(value.get("usage") or {}),
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise ModelBadAnswer from error


def _tokens(usage: Mapping[str, Any]) -> int:
    """What was read and written; 0 where the service does not say, or says nonsense."""
    counted = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    numbers = [one for one in counted if type(one) is int and one > 0]
    if not numbers and type(usage.get("total_tokens")) is int:
        numbers = [max(usage["total_tokens"], 0)]
    return min(sum(numbers), MOST_TOKENS)


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ModelBadAnswer
    return value.encode("utf-8", "replace").decode("utf-8")
