"""One answer from a browser, on a loopback port (RFC 8252, section 7.3)."""

import socket
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

HOST = "127.0.0.1"
PATH = "/callback"
PAGE = (
    b"<!doctype html><meta charset=utf-8><title>Signed in</title>"
    b"<p style='font:1.1rem system-ui;margin:3rem'>You can close this page and go back to the terminal."
)


class Loopback:
    """Listens at the first free port of those that the sign-in service knows."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.answer = ""
        self._server = _first_free(ports, self)

    @property
    def is_open(self) -> bool:
        return self._server is not None

    @property
    def redirect_uri(self) -> str:
        """Where the browser comes back to."""
        assert self._server is not None  # noqa: S101 - asked only where it is open
        return f"http://localhost:{self._server.server_port}{PATH}"

    def wait(self, seconds: float) -> str:
        """The address that the browser was sent to; empty when the time is over."""
        if self._server is None:
            return ""
        self._server.timeout = seconds
        self._server.handle_request()
        return self.answer

    def close(self) -> None:
        if self._server is not None:
            self._server.server_close()


def _first_free(ports: Sequence[int], loopback: Loopback) -> HTTPServer | None:
    class Answered(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_it = self.path.partition("?")[0] == PATH
            if is_it:
                loopback.answer = self.path
            self.send_response(200 if is_it else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header(
                "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"
            )
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            if is_it:
                self.wfile.write(PAGE)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Addresses hold codes: nothing is logged."""

    for port in ports:
        try:
            return HTTPServer((HOST, port), Answered)
        except OSError:
            continue
    return None


def is_reachable() -> bool:
    """Whether this machine can listen to itself at all."""
    try:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
    except OSError:
        return False
    return True
