"""Another room behind Lambda's API, as launch_instance meets it."""

import io
import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Crashed:
    """The function raised: Lambda answers 200 with the error's name."""

    name: str
    message: str = ""


@dataclass
class FakeLambda:
    """Answers in order: an error is raised, `Crashed` or a JSON value is answered; without any, it says "done"."""

    function: str = "run_action"
    answers: list[Any] = field(default_factory=list)
    commands: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:
        assert (FunctionName, InvocationType) == (self.function, "RequestResponse")
        self.commands.append(json.loads(Payload))
        answer = (
            self.answers.pop(0) if self.answers else {"v": 2, "status": "succeeded", "text": "done"}
        )
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Crashed):
            told = {"errorType": answer.name, "errorMessage": answer.message}
            return {"FunctionError": "Unhandled", "Payload": _stream(told)}
        if isinstance(answer, bytes):
            return {"Payload": io.BytesIO(answer)}
        return {"Payload": _stream(answer)}


def _stream(value: Any) -> io.BytesIO:
    return io.BytesIO(json.dumps(value).encode())
