"""A person at a terminal: the command line in a process of its own, at a pseudo-terminal or piped."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from tests.support.api_gateway import ApiGateway
from tests.support.backend import Backend

ROOT = Path(__file__).resolve().parents[2]
LONGEST_SECONDS = 30.0
"""How long a test waits for what it expects, before it fails."""
NEVER = 4_000_000_000
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[=>78M]|\r")


@contextmanager
def served(gateway: ApiGateway) -> Iterator[str]:
    """The API at an address of this machine."""
    with serving(gateway) as (url, _):
        yield url


@contextmanager
def serving(gateway: ApiGateway) -> Iterator[tuple[str, Callable[[], None]]]:
    """The API at an address of this machine, and what takes it off the network."""

    class Passed(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(size) if size else b""
            given = {name.lower(): value for name, value in self.headers.items()}
            said = gateway.send(self.command, self.path, headers=given, body=body)
            content = said.text.encode()
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = do_PUT = answer

        def log_message(self, *_: Any) -> None:
            """Tests say what they saw."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def process_request(self, request: Any, client_address: Any) -> None:
            connections.append(request)
            super().process_request(request, client_address)

    connections: list[socket.socket] = []
    server = Server(("127.0.0.1", 0), Passed)
    Thread(target=server.serve_forever, daemon=True).start()

    def end() -> None:
        """Nobody listens, and who is connected is cut off; a second time it changes nothing."""
        server.shutdown()
        server.server_close()
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    try:
        yield f"http://127.0.0.1:{server.server_port}", end
    finally:
        end()


def asked_for(backend: Backend) -> str:
    """The one request of alice's there is; it has just been made."""
    for status in ("preparing", "pending"):
        answer = backend.http("GET /approvals", by="alice", query={"status": status})
        for row in answer.json["approvals"]:
            return str(row["id"])
    raise AssertionError("there is no request")


def carried_out(backend: Backend, approval_id: str) -> None:
    """What the workflow does after the decision."""
    backend.settle(approval_id)
    backend.launch(approval_id)
    backend.record(approval_id)


def _at_a_terminal() -> None:
    """As a shell starts a command: its terminal is the controlling one, and Ctrl-C is not ignored."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass
class Terminal:
    """Somebody's machine: where the session is kept, and what the shell says."""

    home: Path
    url: str
    environment: dict[str, str] = field(default_factory=dict)
    lose_network: Callable[[], None] = lambda: None
    """Takes the deployment off the network."""

    def signed_in(self, name: str, **more: object) -> None:
        """Keep a session whose access token is the person's name."""
        session = {
            "url": self.url,
            "client_id": "terminal",
            "token_url": self.url,
            "name": name.title(),
            "email": f"{name}@example.com",
            "access_token": name,
            "refresh_token": "",
            "expires_at": NEVER,
            **more,
        }
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "session.json").write_text(json.dumps(session))

    def piped(self, *arguments: str, says: str = "") -> "subprocess.CompletedProcess[str]":
        """A command whose output nobody looks at."""
        return subprocess.run(  # noqa: S603
            self._command(arguments),
            input=says,
            capture_output=True,
            text=True,
            env=self._environment(),
            cwd=ROOT,
            timeout=LONGEST_SECONDS,
            check=False,
        )

    @contextmanager
    def at(self, *arguments: str, columns: int = 100) -> Iterator["AtTerminal"]:
        """A command at a pseudo-terminal."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        process = subprocess.Popen(  # noqa: S603
            self._command(arguments),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**self._environment(), "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"},
            cwd=ROOT,
            start_new_session=True,
            preexec_fn=_at_a_terminal,
        )
        os.close(theirs)
        try:
            yield AtTerminal(process, ours)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            os.close(ours)

    def variables(self) -> Mapping[str, str]:
        """What a shell of theirs says beside its own."""
        return {"COUNTERSIGN_SESSION_DIRECTORY": str(self.home), **self.environment}

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "cli", *arguments]

    def _environment(self) -> Mapping[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            **self.variables(),
        }


@dataclass
class AtTerminal:
    """What stands on the screen, in the order it came."""

    process: "subprocess.Popen[bytes]"
    descriptor: int
    raw: bytes = b""
    seen: int = 0

    @property
    def text(self) -> str:
        """Everything so far, without colours and movements."""
        return _CONTROL.sub("", self.raw.decode(errors="replace"))

    def expect(self, words: str) -> str:
        """Wait until these words come after what was expected last; what came until then."""
        until = time.monotonic() + LONGEST_SECONDS
        while words not in self.text[self.seen :]:
            assert self._read(until), f"{words!r} did not come:\n{self.text}"
        start, self.seen = self.seen, self.text.index(words, self.seen) + len(words)
        return self.text[start : self.seen]

    def type(self, words: str) -> None:
        """Type a line."""
        os.write(self.descriptor, f"{words}\r".encode())

    def press(self, keys: bytes) -> None:
        os.write(self.descriptor, keys)

    def interrupt(self) -> None:
        """Ctrl-C, as the terminal sends it."""
        os.killpg(self.process.pid, signal.SIGINT)

    def ends(self) -> int:
        """The exit status."""
        until = time.monotonic() + LONGEST_SECONDS
        while self._read(until):
            pass
        return self.process.wait(LONGEST_SECONDS)

    def _read(self, until: float) -> bool:
        readable, _, _ = select.select(
            [self.descriptor], [], [], max(0.0, until - time.monotonic())
        )
        if not readable:
            return False
        try:
            piece = os.read(self.descriptor, 65536)
        except OSError:
            # The other end is closed.
            return False
        self.raw += piece
        return bool(piece)
