"""The sandbox behind Lambda's API: one that says what a test told it to, and one that really runs what it is given."""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.fake_lambda import Crashed

FUNCTION = "run-code"


def gave(text: str = "done", *, status: str = "succeeded", **more: Any) -> dict[str, Any]:
    """An answer of the sandbox."""
    nothing = {"v": 1, "code": "", "outputs": [], "replayed": 0}
    return {**nothing, "status": status, "text": text, **more}


def raised(text: str = "ZeroDivisionError: division by zero") -> dict[str, Any]:
    """What a cell gives that ended with an error."""
    name, _, message = text.partition(": ")
    error = {"output_type": "error", "ename": name, "evalue": message, "traceback": [text]}
    return gave(text, status="failed", code="python_error", outputs=[error])


def stopped(code: str = "time_limit", status: str = "timed_out") -> dict[str, Any]:
    """What a run gives that was ended."""
    return gave("The code was stopped.", status=status, code=code)


@dataclass
class FakeSandbox:
    """Answers in order; without any it says "done". An error is raised, a callable is asked with the event."""

    answers: list[Any] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    tenants: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    """How long each answer would have been waited for, in seconds."""
    payloads: list[bytes] = field(default_factory=list)

    def says(self, *answers: Any) -> None:
        self.answers += answers

    def client(self, seconds: float) -> "FakeSandbox":
        self.waits.append(seconds)
        return self

    def invoke(
        self, *, FunctionName: str, InvocationType: str, TenantId: str, Payload: bytes
    ) -> dict[str, Any]:
        assert (FunctionName, InvocationType) == (FUNCTION, "RequestResponse")
        event = json.loads(Payload)
        self.payloads.append(Payload)
        self.events.append(event)
        self.tenants.append(TenantId)
        answer = self.answers.pop(0) if self.answers else gave()
        if callable(answer):
            answer = answer(event)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Crashed):
            told = {"errorType": answer.name, "errorMessage": answer.message}
            return {"FunctionError": "Unhandled", "Payload": _stream(json.dumps(told).encode())}
        raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return {"Payload": _stream(raw)}


def real_sandbox() -> FakeSandbox:
    """A sandbox whose answers are run_code's own, with a child per run; the environment says how it is confined."""
    from functions.run_code.handler import handler

    return FakeSandbox(answers=Always(lambda event: handler(event, None)))


class Always(list[Any]):
    """Answers that never end."""

    def __init__(self, answer: Callable[[Mapping[str, Any]], Any]) -> None:
        super().__init__([answer])

    def pop(self, _: Any = -1) -> Any:
        return self[0]


def _stream(raw: bytes) -> io.BytesIO:
    return io.BytesIO(raw)
