"""A user pool's token endpoint over real HTTP: codes and refresh tokens it was told, and how it fails."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

USER = {
    "sub": "3f1c0c9e-alice",
    "name": "Alice",
    "email": "alice@example.com",
    "groups": ["requesters"],
}


def jwt(**claims: object) -> str:
    """A token with these claims and a signature that nobody reads."""

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'RS256'})}.{part(claims)}.c2lnbmF0dXJl"


@dataclass
class TokenEndpoint:
    """`fail` replaces the next answers: a status and a body."""

    url: str = ""
    codes: dict[str, str] = field(default_factory=dict)
    """Code challenge (S256) by code; a code is good once."""
    refresh_tokens: set[str] = field(default_factory=lambda: {"refresh-1"})
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    fail: list[tuple[int, bytes]] = field(default_factory=list)
    given_refresh_token: str = "refresh-1"
    rotated: str = ""

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, bytes]:
        self.asked.append((path, form))
        if self.fail:
            return self.fail.pop(0)
        if path == "/oauth2/revoke":
            self.refresh_tokens.discard(form["token"])
            return 200, b""
        if form["grant_type"] == "refresh_token":
            good = form["refresh_token"] in self.refresh_tokens
            return self._tokens(self.rotated) if good else refused("invalid_grant")
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        good = self.codes.pop(form["code"], None) == challenge
        return self._tokens(self.given_refresh_token) if good else refused("invalid_grant")

    def _tokens(self, refresh_token: str) -> tuple[int, bytes]:
        value = {
            "access_token": jwt(
                sub=USER["sub"], token_use="access", **{"cognito:groups": USER["groups"]}
            ),
            "id_token": jwt(
                sub=USER["sub"], token_use="id", name=USER["name"], email=USER["email"]
            ),
            "expires_in": 3600,
            "token_type": "Bearer",
        }
        if refresh_token:
            value["refresh_token"] = refresh_token
        return 200, json.dumps(value).encode()


def refused(error: str) -> tuple[int, bytes]:
    return 400, json.dumps({"error": error}).encode()


@contextmanager
def token_endpoint() -> Iterator[TokenEndpoint]:
    endpoint = TokenEndpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, content = endpoint.answer(self.path, dict(parse_qsl(body)))
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
