"""A record of every EC2 call, as JSON Lines."""

import json
import re
import threading
from pathlib import Path
from typing import Any

from local.emulator.ec2.wire import (
    Answer,
    Handler,
    Parameters,
    around_every_action,
    error_code,
    flat,
)

_writing = threading.Lock()
_files: list[Path] = []


def record_into(file: Path) -> None:
    """Where calls are written from now on."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    _files[:] = [file]


def write(action: str, parameters: dict[str, str], answer: dict[str, Any]) -> None:
    """Append one call with its answer; whoever empties the file meanwhile disturbs nothing."""
    line = json.dumps({"action": action, "parameters": parameters, "answer": answer})
    for file in _files:
        with _writing, file.open("a") as record:
            record.write(line + "\n")


def every_call_is_recorded() -> None:
    """Stock: nobody can tell afterwards what EC2 was asked. Here: one line per call, with what
    AWS's side did; also when a fault kept the answer from the caller."""

    def recorded(action: str, handler: Handler) -> Handler:
        def handle(parameters: Parameters) -> Answer:
            answer = handler(parameters)
            write(action, flat(parameters), told(answer))
            return answer

        return handle

    around_every_action(recorded)


def told(answer: Answer) -> dict[str, Any]:
    """An answer in the record's words."""
    summary: dict[str, Any] = {"status": answer[0]}
    if code := error_code(answer):
        summary["code"] = code
    if answer[0] < 300 and b"<instanceId>" in answer[2]:
        found = re.findall(rb"<instanceId>([^<]+)</instanceId>", answer[2])
        summary["instance_ids"] = list(dict.fromkeys(instance.decode() for instance in found))
    return summary
