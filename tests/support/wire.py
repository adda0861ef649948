"""What our AWS clients put on the wire: every request with its operation and body."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Wire:
    """Requests in order: (service.Operation, body bytes)."""

    requests: list[tuple[str, bytes]] = field(default_factory=list)

    def operations(self) -> list[str]:
        return [operation for operation, _ in self.requests]

    def bodies(self, operation: str) -> list[dict[str, Any]]:
        return [json.loads(body) for name, body in self.requests if name == operation]


@contextmanager
def watched(*clients: Any) -> Iterator[Wire]:
    """Every request of these clients while the block runs, retries included."""
    wire = Wire()

    def look(request: Any, event_name: str, **_: Any) -> None:
        operation = event_name.removeprefix("before-send.")
        body = request.body
        wire.requests.append(
            (operation, body if isinstance(body, bytes) else str(body or "").encode())
        )

    for client in clients:
        client.meta.events.register_first("before-send", look, unique_id="watched")
    try:
        yield wire
    finally:
        for client in clients:
            client.meta.events.unregister("before-send", look, unique_id="watched")
