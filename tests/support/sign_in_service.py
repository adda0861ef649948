"""A stand-in for the sign-in service: hands out a code for a challenge, and tokens for the verifier that made it."""

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

CODE = "code-of-a-sign-in"


@dataclass
class SignInService:
    """Signs in whoever comes; `expires_in` is what it says of its tokens."""

    url: str = ""
    who: str = "alice"
    expires_in: int = 3600
    challenge: str = ""
    is_over: bool = False
    """Whether refresh tokens hold no more."""
    granted: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)

    def authorize(self, query: dict[str, list[str]]) -> str:
        """Where the browser is sent back to."""
        assert query["code_challenge_method"] == ["S256"]
        self.challenge = query["code_challenge"][0]
        back = urlencode({"code": CODE, "state": query["state"][0]})
        return f"{query['redirect_uri'][0]}?{back}"

    def grant(self, form: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        kind = form["grant_type"][0]
        if kind == "authorization_code":
            digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
            made = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if form["code"] != [CODE] or made != self.challenge:
                return 400, {"error": "invalid_grant"}
            self.challenge = ""
        elif self.is_over:
            return 400, {"error": "invalid_grant"}
        self.granted.append(kind)
        said = {"name": self.who.title(), "email": f"{self.who}@example.com"}
        claims = base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()
        answer = {"access_token": self.who, "id_token": f"e30.{claims}.c2ln"}
        more = {"refresh_token": "refresh"} if kind == "authorization_code" else {}
        return 200, {**answer, **more, "expires_in": self.expires_in}


@contextmanager
def sign_in_service() -> Iterator[SignInService]:
    """The service at an address of this machine."""
    service = SignInService()

    class Answered(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", service.authorize(parse_qs(urlsplit(self.path).query)))
            self.end_headers()

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            if self.path == "/oauth2/revoke":
                service.revoked += form["token"]
                status, answer = 200, {}
            else:
                status, answer = service.grant(form)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: Any) -> None:
            """Tests say what they saw."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answered)
    Thread(target=server.serve_forever, daemon=True).start()
    service.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
