"""Corrections of Step Functions: callbacks that fail, beat, and are answered exactly once."""

import contextvars
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from local.emulator.patching import wrap

SERVICE = "ministack.services.stepfunctions"

_waiting_token: contextvars.ContextVar[str | None] = contextvars.ContextVar("token", default=None)
_answering = threading.Lock()
_ended: set[str] = set()


def a_callback_lambda_that_raises_fails_its_task() -> None:
    """Stock: an error of the Lambda behind `.waitForTaskToken` is swallowed and the task waits
    for its time-out."""
    from ministack.services import stepfunctions

    def failing(call: Callable[..., Any]) -> Callable[..., Any]:
        def call_lambda(function: str, event: object) -> Any:  # noqa: ANN401
            try:
                return call(function, event)
            except stepfunctions._ExecutionError as error:
                waiting = stepfunctions._task_tokens.get(_waiting_token.get() or "")
                if waiting is not None:
                    waiting["error"] = {"Error": error.error, "Cause": error.cause}
                    waiting["event"].set()
                raise

        return call_lambda

    wrap(f"{SERVICE}:_call_lambda", failing)
    wrap(f"{SERVICE}:_invoke_with_callback", _remembering_the_token)


def _remembering_the_token(invoke: Callable[..., Any]) -> Callable[..., Any]:
    def invoke_with_callback(resource: str, payload: object, token: str, state: object) -> Any:  # noqa: ANN401
        remembered = _waiting_token.set(token)
        try:
            return invoke(resource, payload, token, state)
        finally:
            _waiting_token.reset(remembered)
            _ended.add(token)

    return invoke_with_callback


def a_missed_heartbeat_ends_its_task() -> None:
    """Stock: `HeartbeatSeconds` is ignored. Here: without a heartbeat in time the task fails with
    `States.HeartbeatTimeout`."""

    def watched(invoke: Callable[..., Any]) -> Callable[..., Any]:
        def invoke_with_callback(
            resource: str,
            payload: object,
            token: str,
            state: dict[str, Any],
        ) -> Any:  # noqa: ANN401
            allowed = state.get("HeartbeatSeconds")
            if allowed is None:
                return invoke(resource, payload, token, state)
            over = threading.Event()
            context = contextvars.copy_context()
            watch = threading.Thread(
                target=context.run,
                args=(_watch_heartbeat, token, float(allowed), over),
                daemon=True,
            )
            watch.start()
            try:
                return invoke(resource, payload, token, state)
            finally:
                over.set()

        return invoke_with_callback

    wrap(f"{SERVICE}:_invoke_with_callback", watched)


def _watch_heartbeat(token: str, allowed: float, over: threading.Event) -> None:
    from ministack.services import stepfunctions

    seen, last = None, time.monotonic()
    while not over.wait(0.1):
        waiting = stepfunctions._task_tokens.get(token)
        if waiting is None:
            continue
        if waiting["heartbeat"] != seen:
            seen, last = waiting["heartbeat"], time.monotonic()
        if time.monotonic() - last > allowed and not waiting["event"].is_set():
            waiting["error"] = {"Error": "States.HeartbeatTimeout", "Cause": ""}
            waiting["event"].set()
            return


def a_task_token_is_answered_once() -> None:
    """Stock: a used, ended or invented token is always `TaskDoesNotExist`, and a second answer
    may replace the first. Here: `TaskTimedOut` for a token that was, `InvalidToken` for one that
    never was; the first answer wins."""
    from ministack.core.responses import error_response_json
    from ministack.services import stepfunctions

    def once(answer: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
        def send(request: dict[str, Any]) -> Any:  # noqa: ANN401
            token = request.get("taskToken", "")
            with _answering:
                waiting = stepfunctions._task_tokens.get(token)
                if waiting is None and token not in _ended:
                    return error_response_json(
                        "InvalidToken", "Invalid Token: 'Invalid token'", 400
                    )
                if waiting is None or waiting["event"].is_set():
                    message = "Task Timed Out: 'Provided task does not exist anymore'"
                    return error_response_json("TaskTimedOut", message, 400)
                return answer(request)

        return send

    for name in ("_send_task_success", "_send_task_failure", "_send_task_heartbeat"):
        wrap(f"{SERVICE}:{name}", once)
    wrap(f"{SERVICE}:_invoke_with_callback", _remembering_the_token)


def a_throttled_lambda_task_can_be_retried() -> None:
    """Stock: a throttled Lambda task fails with `Lambda.Unknown`, which no Retry names. Here: AWS's
    `Lambda.TooManyRequestsException`."""
    from ministack.services import stepfunctions

    def named(call: Callable[..., Any]) -> Callable[..., Any]:
        def call_lambda(function: str, event: object) -> Any:  # noqa: ANN401
            try:
                return call(function, event)
            except stepfunctions._ExecutionError as error:
                if error.error == "Lambda.Unknown" and _is_throttle(error.cause):
                    raise stepfunctions._ExecutionError(
                        "Lambda.TooManyRequestsException", error.cause
                    ) from error
                raise

        return call_lambda

    wrap(f"{SERVICE}:_call_lambda", named)


def _is_throttle(cause: str) -> bool:
    try:
        body = json.loads(cause)
    except json.JSONDecodeError:
        return False
    return isinstance(body, dict) and body.get("__type") == "TooManyRequestsException"
