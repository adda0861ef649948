"""The kernel's messages over its local sockets: one cell after the other, each with an end in time and in bytes."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import zmq

from functions.run_code.failure import ended
from functions.run_code.marks import NAME, OUTPUT_BYTES, PORTS, SNAPSHOT_BYTES
from functions.run_code.sandbox import START_SECONDS, Run

if TYPE_CHECKING:
    from jupyter_client.session import Session

_CONTENT = 4
"""Signature, header, parent and metadata come before it."""
MESSAGE_BYTES = 2 * SNAPSHOT_BYTES
"""A longer message ends the connection before it is in our memory."""
WAITING_MESSAGES = 200
_UNREADABLE = (ValueError, TypeError, KeyError, IndexError, RecursionError)

Message = Mapping[str, Any]


@dataclass
class Kernel:
    """A kernel that listens."""

    run: Run
    session: "Session"
    shell: "zmq.Socket[bytes]"
    published: "zmq.Socket[bytes]"
    size: int = field(default=0)
    """What the present cell has published, in bytes."""

    def execute(
        self,
        code: str,
        until: float,
        hear: Callable[[Message], None],
        *,
        silent: bool = False,
        cap: int = OUTPUT_BYTES,
    ) -> str:
        """Run a cell and hand on its messages; `ok` or `error`; raises `RunFailed` where the run ends first."""
        content = {
            "code": code,
            "silent": silent,
            "store_history": not silent,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        request = self.session.msg("execute_request", content)
        self.session.send(self.shell, request)
        asked = request["header"]["msg_id"]
        answer, is_idle, self.size = "", False, 0
        while not (answer and is_idle):
            for message in self._messages(until):
                if message["parent_header"].get("msg_id") != asked:
                    continue
                if message["msg_type"] == "execute_reply":
                    answer = "ok" if message["content"]["status"] == "ok" else "error"
                elif message["msg_type"] == "status":
                    is_idle = is_idle or message["content"]["execution_state"] == "idle"
                else:
                    hear(message)
                    if self.size > cap:
                        raise self._ended("output")
        return answer

    def wait_for_welcome(self) -> None:
        """Nothing published is missed after it."""
        until = time.monotonic() + START_SECONDS
        while all(message["msg_type"] != "iopub_welcome" for message in self._messages(until)):
            continue

    def _messages(self, until: float) -> Iterator[Message]:
        """The messages of one wait, checked by the session's key; raises `RunFailed` at the run's end."""
        poller = zmq.Poller()
        for place in (self.published, self.shell, self.run.status):
            poller.register(place, zmq.POLLIN)
        left = until - time.monotonic()
        found = dict(poller.poll(max(0, int(left * 1000))))
        if not found or left <= 0:
            raise self._ended("time")
        for socket in (self.published, self.shell):
            if socket in found:
                yield self._message(socket)
        if self.run.status in found and len(found) == 1:
            self.run.listen()
            if failed := self.run.end_of():
                raise failed

    def _message(self, socket: "zmq.Socket[bytes]") -> Message:
        frames = socket.recv_multipart(zmq.NOBLOCK)
        try:
            _, parts = self.session.feed_identities(frames)
            message: Message = self.session.deserialize(parts)
        except _UNREADABLE as error:
            raise self._ended("protocol") from error
        self.size += sum(map(len, parts[_CONTENT:]))
        return message

    def _ended(self, why: str) -> Exception:
        allowed = self.run.limits
        return ended(why, seconds=allowed.seconds, memory_mb=allowed.memory_mb)


@contextmanager
def connected(run: Run, key: str) -> Iterator[Kernel]:
    """The kernel of a run, from its first breath to the end of the connection."""
    # Python starts over there while it is imported here.
    from jupyter_client.session import Session

    run.wait_for("ready", START_SECONDS)
    with zmq.Context() as context:
        sockets = []
        for kind, name in ((zmq.DEALER, "shell_port"), (zmq.SUB, "iopub_port")):
            socket = context.socket(kind)
            socket.linger = 0
            socket.setsockopt(zmq.MAXMSGSIZE, MESSAGE_BYTES)
            socket.setsockopt(zmq.RCVHWM, WAITING_MESSAGES)
            if kind == zmq.SUB:
                socket.setsockopt(zmq.SUBSCRIBE, b"")
            socket.connect(f"ipc://{run.directory}/channel/{NAME}-{PORTS[name]}")
            sockets.append(socket)
        shell, published = sockets
        with shell, published:
            kernel = Kernel(run, Session(key=key.encode()), shell, published)
            kernel.wait_for_welcome()
            yield kernel


def new_key() -> str:
    """A key that signs the messages of one run."""
    return uuid4().hex
