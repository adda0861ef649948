import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from local.front import Front, Server, listen

API = "/_aws/execute-api/api1/$default"


class Upstream(BaseHTTPRequestHandler):
    """Stands where the emulator stands, and remembers what came."""

    protocol_version = "HTTP/1.1"

    def do_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.command, self.path, self.headers, body))
        content = self.server.content
        self.send_response(302)
        self.send_header("Location", "/elsewhere")
        self.send_header("Set-Cookie", "one=1; Path=/")
        self.send_header("Set-Cookie", "two=2; Path=/session")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PROPFIND = do_any  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


class NoMails:
    def mails(self) -> list:
        return []

    def as_json(self) -> list:
        return []


@pytest.fixture
def upstream():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    server.seen, server.content = [], b"found"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def front(upstream):
    listener = listen(0)
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    endpoint = f"http://127.0.0.1:{upstream.server_port}"
    application = Front(endpoint=endpoint, api_id="api1", origin=origin, mailbox=NoMails())
    server = Server(application, listener)
    server.start()
    with httpx.Client(base_url=origin, trust_env=False) as client:
        yield client
    server.stop()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"])
def test_a_request_is_passed_on_as_it_came(front, upstream, method):
    front.request(
        method,
        "/a%2Fb/c%20d?x=1&x=%2B",
        content=b"\x00\xff",
        headers={"Authorization": "Bearer t", "Cookie": "k=v"},
    )
    [(seen_method, path, headers, body)] = upstream.seen
    assert (seen_method, path) == (method, f"{API}/a%2Fb/c%20d?x=1&x=%2B")
    assert (headers["Authorization"], headers["Cookie"]) == ("Bearer t", "k=v")
    assert headers["Host"] == front.base_url.netloc.decode()
    assert body == b"\x00\xff"


def test_an_answer_comes_back_whole_and_no_redirect_is_followed(front, upstream):
    answer = front.get("/")
    assert (answer.status_code, answer.headers["location"]) == (302, "/elsewhere")
    assert answer.headers.get_list("set-cookie") == ["one=1; Path=/", "two=2; Path=/session"]
    assert answer.content == b"found"
    assert len(upstream.seen) == 1


def test_a_picture_comes_back_byte_for_byte(front, upstream):
    upstream.content = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 1000
    assert front.get("/picture").content == upstream.content


def test_head_stays_head(front, upstream):
    answer = front.head("/a/x")
    assert answer.headers["content-length"] == "5"
    assert answer.content == b""
    assert upstream.seen[0][0] == "HEAD"


@pytest.mark.parametrize("path", ["/oauth2/authorize?a=1", "/login", "/logout?client_id=1"])
def test_sign_in_goes_to_cognito(front, upstream, path):
    front.get(path)
    assert upstream.seen[0][1] == path


@pytest.mark.parametrize("path", ["/loginx", "/session/login"])
def test_what_only_looks_like_sign_in_goes_to_the_api(front, upstream, path):
    front.get(path)
    assert upstream.seen[0][1] == f"{API}{path}"


def test_the_mailbox_is_read_under_our_own_name_only(front, upstream):
    assert front.get("/_local/mailbox.json").json() == []
    assert "No mail yet" in front.get("/_local/mailbox").text
    foreign = front.get("/_local/mailbox.json", headers={"Host": "evil.example"})
    assert foreign.status_code == 403
    assert front.post("/_local/mailbox").status_code == 405
    assert upstream.seen == []
