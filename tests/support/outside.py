"""`python -m tests.support.outside`: a service outside. It answers what tests have written and counts who is there.

A test writes answers under a mark, a piece of text. A request belongs to the mark that is in its address or body.
"""

import argparse
import json
import os
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

GATHERING_SECONDS = 8.0
OWN = "/_outside/"


@dataclass
class Expected:
    """What the requests of a mark are answered, and what they were."""

    status: int = 200
    text: str = "{}"
    headers: dict[str, str] = field(default_factory=dict)
    gather: int = 0
    """How many requests have to be there at once before any is answered."""
    requests: list[dict[str, Any]] = field(default_factory=list)
    here: int = 0
    most: int = 0
    """The most requests that were there at once."""


class Handler(BaseHTTPRequestHandler):
    """Any address and method; the tests' own lies under `/_outside/`."""

    protocol_version = "HTTP/1.1"
    marks: dict[str, Expected]
    changing: threading.Condition

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.path.startswith(OWN):
            self._told(bytes.fromhex(self.path.removeprefix(OWN)).decode(), body)
            return
        with self.changing:
            named = [mark for mark in self.marks if mark in self.path + body]
            if not named:
                self._send(404, "nobody expects this", {})
                return
            expected = self.marks[max(named, key=len)]
            expected.requests.append(
                {
                    "method": self.command,
                    "path": self.path,
                    "headers": {name.lower(): value for name, value in self.headers.items()},
                    "body": body,
                }
            )
            expected.here += 1
            expected.most = max(expected.most, expected.here)
            self.changing.notify_all()
            self.changing.wait_for(
                lambda: expected.most >= expected.gather, timeout=GATHERING_SECONDS
            )
            expected.here -= 1
        self._send(expected.status, expected.text, expected.headers)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _told(self, mark: str, body: str) -> None:
        with self.changing:
            if self.command == "POST":
                self.marks[mark] = Expected(**json.loads(body))
            expected = self.marks.get(mark, Expected())
            seen = {"requests": expected.requests, "most": expected.most}
        self._send(200, json.dumps(seen), {})

    def _send(self, status: int, text: str, headers: dict[str, str]) -> None:
        content = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


class Server(ThreadingHTTPServer):
    """Takes as many callers at once as tests bring."""

    daemon_threads = True
    request_queue_size = 128


def serve() -> Server:
    """A service of its own on a free port, until it is shut down."""
    own = type("Own", (Handler,), {"marks": {}, "changing": threading.Condition()})
    server = Server(("127.0.0.1", 0), own)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main(arguments: list[str]) -> None:
    """Serve on a free port, written to a file, while a process lives."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address-file", required=True)
    parser.add_argument("--while-process", type=int, required=True)
    chosen = parser.parse_args(arguments)
    server = serve()
    half = f"{chosen.address_file}.half"
    with open(half, "w") as file:  # noqa: PTH123
        file.write(f"http://127.0.0.1:{server.server_port}")
    os.replace(half, chosen.address_file)  # noqa: PTH105
    while True:
        try:
            os.kill(chosen.while_process, 0)
        except ProcessLookupError:
            return
        time.sleep(0.5)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
