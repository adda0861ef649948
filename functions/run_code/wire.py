"""The kernel's messages over its local sockets, read inside the sandbox: one cell after the other."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import zmq
from jupyter_client.session import Session

from functions.run_code.marks import NAME, PORTS, SNAPSHOT_BYTES

MESSAGE_BYTES = 2 * SNAPSHOT_BYTES
"""A longer message ends the connection before it is in our memory."""
CONNECT_MILLISECONDS = 10
"""How often it is tried while the kernel starts."""
LOOK_MILLISECONDS = 50
"""How often it is seen whether the kernel is still there."""

Message = Mapping[str, Any]


@dataclass
class Kernel:
    """A kernel that listens, and the process it is."""

    process: int
    session: Session
    shell: "zmq.Socket[bytes]"
    published: "zmq.Socket[bytes]"

    def execute(
        self,
        code: str,
        hear: Callable[[str, Mapping[str, Any]], None],
        *,
        silent: bool = False,
    ) -> str:
        """Run a cell and hand on what it publishes; `ok` or `error`. Where the kernel ends, this process does."""
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
        answer, is_idle = "", False
        for message in self._messages():
            if message["parent_header"].get("msg_id") != asked:
                continue
            if message["msg_type"] == "execute_reply":
                answer = "ok" if message["content"]["status"] == "ok" else "error"
            elif message["msg_type"] == "status":
                is_idle = is_idle or message["content"]["execution_state"] == "idle"
            else:
                hear(message["msg_type"], message["content"])
            if answer and is_idle:
                break
        return answer

    def wait_for_welcome(self) -> None:
        """Nothing published is missed after it."""
        for message in self._messages():
            if message["msg_type"] == "iopub_welcome":
                break

    def _messages(self) -> Iterator[Message]:
        """Messages as they come, checked by the session's key; after the last of a kernel that ended, the end."""
        poller = zmq.Poller()
        for place in (self.published, self.shell):
            poller.register(place, zmq.POLLIN)
        is_over = False
        while True:
            found = dict(poller.poll(LOOK_MILLISECONDS))
            for socket in (self.published, self.shell):
                if socket in found:
                    _, parts = self.session.feed_identities(socket.recv_multipart())
                    yield self.session.deserialize(parts)
            if not found:
                if is_over:
                    # At once: whoever asked sees it by the end of the pipe, and no library has to agree to it.
                    os._exit(1)
                is_over = os.waitpid(self.process, os.WNOHANG)[0] != 0


@contextmanager
def connected(place: str, key: str, process: int) -> Iterator[Kernel]:
    """A kernel that begins to listen in a folder, from its first breath to the end of the connection."""
    with zmq.Context() as context:
        sockets = []
        for kind, name in ((zmq.DEALER, "shell_port"), (zmq.SUB, "iopub_port")):
            socket = context.socket(kind)
            socket.linger = 0
            socket.setsockopt(zmq.MAXMSGSIZE, MESSAGE_BYTES)
            # What is said is never dropped; it is counted by whoever reads it in the end.
            socket.setsockopt(zmq.RCVHWM, 0)
            socket.setsockopt(zmq.RECONNECT_IVL, CONNECT_MILLISECONDS)
            if kind == zmq.SUB:
                socket.setsockopt(zmq.SUBSCRIBE, b"")
            socket.connect(f"ipc://{place}/{NAME}-{PORTS[name]}")
            sockets.append(socket)
        shell, published = sockets
        with shell, published:
            kernel = Kernel(process, Session(key=key.encode()), shell, published)
            kernel.wait_for_welcome()
            yield kernel
