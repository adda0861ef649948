"""A service outside, on a thread of this process: it keeps every request and answers in bytes, also in bad ones."""

import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Seen:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Answering = Callable[[Seen], "bytes | Iterable[bytes]"]


def answered(
    body: bytes | str = b"",
    *,
    status: str = "200 OK",
    headers: dict[str, str] | None = None,
    length: int | None = None,
) -> bytes:
    """A whole answer; `length` is what it says of its body."""
    content = body.encode() if isinstance(body, str) else body
    said = {"Content-Length": str(len(content) if length is None else length), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + content


@dataclass
class StubService:
    """`answers` may be replaced at any time; an answer in pieces is sent until the caller hangs up."""

    port: int = 0
    answers: Answering = lambda seen: answered("hello")  # noqa: E731
    requests: list[Seen] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def pin(self) -> tuple[str, int]:
        return ("127.0.0.1", self.port)


class _Connection(socketserver.BaseRequestHandler):
    server: Any

    def handle(self) -> None:
        connection: socket.socket = self.request
        if self.server.tls is not None:
            try:
                connection = self.server.tls.wrap_socket(connection, server_side=True)
            except OSError:
                return
        with connection, suppress(OSError):
            seen = _read(connection)
            if seen is None:
                return
            service: StubService = self.server.service
            service.requests.append(seen)
            answer = service.answers(seen)
            for piece in [answer] if isinstance(answer, bytes) else answer:
                connection.sendall(piece)
            return
        self.server.service.hung_up.set()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64
    service: StubService
    tls: ssl.SSLContext | None = None


def _read(connection: socket.socket) -> Seen | None:
    raw = b""
    while b"\r\n\r\n" not in raw:
        piece = connection.recv(65536)
        if not piece:
            return None
        raw += piece
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    pairs = (line.split(": ", 1) for line in lines)
    headers = {name.lower(): value for name, value in pairs}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    return Seen(method, path, headers, body)


@contextmanager
def stub_service(tls: ssl.SSLContext | None = None) -> Iterator[StubService]:
    """The service, listening; with `tls` it proves to be whom the context's certificate names."""
    with _Server(("127.0.0.1", 0), _Connection) as server:
        server.service, server.tls = StubService(port=server.server_address[1]), tls
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.service
        finally:
            server.service.over.set()
            server.shutdown()
            thread.join()
