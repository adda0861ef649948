"""Corrections of how much a Lambda takes and gives in one call."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from local.emulator.lambda_runtime import SERVICE
from local.emulator.patching import wrap

MOST_REQUEST = 6_291_456
MOST_RESPONSE = 6_291_556
EXECUTE = f"{SERVICE}:_execute_function_with_config_scope"
HANDLE = f"{SERVICE}:handle_request"

Handle = Callable[..., Awaitable[tuple[int, dict[str, str], bytes]]]


def a_call_takes_and_gives_six_megabytes() -> None:
    """Stock: events and answers have any size. Here: more than 6 MB is refused, whether the caller is
    Invoke or an HTTP API, and an answer of more fails the call."""
    wrap(HANDLE, _refusing_large_requests)
    wrap(EXECUTE, _failing_large_calls)


def _refusing_large_requests(handle: Handle) -> Handle:
    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> tuple[int, dict[str, str], bytes]:
        from ministack.core.responses import error_response_json

        if path.endswith("/invocations") and len(body) > MOST_REQUEST:
            message = f"Request must be smaller than {MOST_REQUEST} bytes for the InvokeFunction operation"
            refused: tuple[int, dict[str, str], bytes] = error_response_json(
                "RequestTooLargeException", message, 413
            )
            return refused
        return await handle(method, path, headers, body, query)

    return handle_request


def _failing_large_calls(execute: Callable[..., Any]) -> Callable[..., Any]:
    def run(record: Any, event: Any, *others: Any, **named: Any) -> Any:  # noqa: ANN401
        if isinstance(event, dict) and "rawPath" in event and _size(event) > MOST_REQUEST:
            too_large = json.dumps({"message": "Request Entity Too Large"})
            return {"body": {"statusCode": 413, "body": too_large}}
        result = execute(record, event, *others, **named)
        if not result.get("error") and _size(result.get("body")) > MOST_RESPONSE:
            error = {
                "errorType": "Function.ResponseSizeTooLarge",
                "errorMessage": "Response payload size exceeded maximum allowed payload size "
                f"({MOST_RESPONSE} bytes).",
            }
            return {**result, "body": error, "error": True}
        return result

    return run


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())
