"""One line of the product's logs, as people and programs read it; nothing in it is trusted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

FAILURES = frozenset({"ERROR", "CRITICAL"})
ENDED_BADLY = frozenset({"timeout", "error", "failure"})
FOLLOWED = ("request_id", "approval_id")
"""What leads from one room's lines to another's."""
_SAID_ELSEWHERE = frozenset(
    {
        "level",
        "log_level",
        "location",
        "message",
        "timestamp",
        "service",
        "xray_trace_id",
        "function_request_id",
        "event_timestamp",
        "id",
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """When, in which room, how grave, what, and the fields beside it."""

    at: datetime
    room: str
    level: str
    message: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ids(self) -> dict[str, str]:
        """The ids by which this line belongs to others."""
        named = {name: self.fields.get(name) for name in FOLLOWED}
        return {name: value for name, value in named.items() if value and isinstance(value, str)}

    def is_failure(self) -> bool:
        """Whether something went wrong that nobody planned for."""
        return self.level in FAILURES

    def what(self) -> str:
        """The message and its fields, on one line."""
        said = [
            f"{name}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
            for name, value in self.fields.items()
        ]
        return " ".join([self.message, *said]).replace("\n", " ")

    def value(self) -> dict[str, Any]:
        """For programs."""
        return {
            "at": self.at.isoformat().replace("+00:00", "Z"),
            "room": self.room,
            "level": self.level,
            "message": self.message,
            "fields": dict(self.fields),
        }


def line_of(event: Mapping[str, Any], *, group: str) -> Line | None:
    """An event of CloudWatch Logs as a line; None for figures and for Lambda's own comings and goings.

    `group` is what the log group is of, where the line does not say who wrote it.
    """
    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    text = str(event["message"]).rstrip()
    try:
        read = json.loads(text)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        starts = ("START RequestId", "END RequestId", "REPORT RequestId")
        return None if not text or text.startswith(starts) else Line(at, group, "INFO", text)
    if "_aws" in read:
        return None
    if isinstance(read.get("record"), dict):
        return _of_lambda(at, read, group)
    if "execution_arn" in read:
        return _of_workflow(at, read, group)
    level = str(read.get("level") or read.get("log_level") or "INFO")
    message = read.get("message") or read.get("errorMessage") or read.get("errorType") or ""
    room = str(read.get("service") or group).rpartition("-")[2]
    rest = {name: value for name, value in read.items() if name not in _SAID_ELSEWHERE}
    return Line(at, room, level, str(message), rest)


def _of_lambda(at: datetime, read: Mapping[str, Any], group: str) -> Line | None:
    status = str(read["record"].get("status", ""))
    if status not in ENDED_BADLY:
        return None
    return Line(at, group, "ERROR", f"the function ended: {status}", {"record": read["record"]})


def _of_workflow(at: datetime, read: Mapping[str, Any], group: str) -> Line:
    kind = str(read.get("type", ""))
    is_failure = kind.endswith(("Failed", "TimedOut", "Aborted"))
    fields: dict[str, Any] = {"approval_id": str(read["execution_arn"]).rpartition(":")[2]}
    details = read.get("details")
    if isinstance(details, dict) and details.get("name"):
        fields["state"] = details["name"]
    return Line(at, group, "ERROR" if is_failure else "INFO", kind, fields)
