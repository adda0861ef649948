"""Pages and sign-in over HTTP without AWS: a small gateway before their handlers, and a login page of another site."""

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

from functions.pages import handler as pages
from functions.session import handler as session
from functions.shared.settings import PagesSettings, SessionSettings
from tests.support.gateway import LambdaContext
from tests.support.token_endpoint import TokenEndpoint


class Site(BaseHTTPRequestHandler):
    """127.0.0.1 is the product, localhost the sign-in service: to a browser two different sites."""

    protocol_version = "HTTP/1.1"
    endpoint: TokenEndpoint
    sent: list[tuple[str, str]]

    def do_GET(self) -> None:  # noqa: N802
        self._serve()

    do_POST = do_DELETE = do_GET  # noqa: N815

    def _serve(self) -> None:
        address = urlsplit(self.path)
        query = dict(parse_qsl(address.query))
        self.sent.append((f"{self.command} {address.path}", self.headers.get("Cookie", "")))
        if self.headers["Host"].startswith("localhost"):
            self._login_site(address.path, query)
            return
        room = session if address.path.startswith("/session") else pages
        answer = room.handler(self._event(address.path, address.query, query), LambdaContext())
        self._send(
            answer["statusCode"], answer["headers"], answer["body"].encode(), answer["cookies"]
        )

    def _login_site(self, path: str, query: Mapping[str, str]) -> None:
        if path == "/oauth2/authorize":
            self.endpoint.codes["code-1"] = query["code_challenge"]
            back = (
                f"{query['redirect_uri']}?{urlencode({'code': 'code-1', 'state': query['state']})}"
            )
            link = f'<a href="{back}">Continue</a>'.replace("&", "&amp;")
            self._send(200, {"Content-Type": "text/html"}, link.encode(), [])
        else:
            self._send(302, {"Location": query["logout_uri"]}, b"", [])

    def _event(self, path: str, raw_query: str, query: Mapping[str, str]) -> dict[str, object]:
        route = f"{self.command} {path}"
        known = {**session.ROUTES, **pages.ROUTES}
        if path.startswith("/assets/"):
            route = "GET /assets/{name}"
        cookies = [one.strip() for one in self.headers.get("Cookie", "").split(";")]
        return {
            "version": "2.0",
            "routeKey": route if route in known else "$default",
            "rawPath": path,
            "rawQueryString": raw_query,
            "queryStringParameters": dict(query),
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "cookies": [one for one in cookies if one],
            "requestContext": {
                "http": {"method": self.command, "path": path, "sourceIp": "127.0.0.1"},
                "requestId": uuid.uuid4().hex,
            },
        }

    def _send(
        self, status: int, headers: Mapping[str, str], body: bytes, cookies: list[str]
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        for cookie in cookies:
            self.send_header("Set-Cookie", cookie)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status not in (204, 304):
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@contextmanager
def laptop_gateway(
    endpoint: TokenEndpoint, *, agents_file: str, set_variable: Callable[[str, str], None]
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The product's address, and every request it got with its cookies."""
    sent: list[tuple[str, str]] = []
    handler = type("BoundSite", (Site,), {"endpoint": endpoint, "sent": sent})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    origin = f"http://127.0.0.1:{server.server_port}"
    login_url = origin.replace("127.0.0.1", "localhost")
    for settings in (
        SessionSettings(
            origin=origin,
            login_url=login_url,
            token_url=endpoint.url,
            client_id="web",
            terminal_client_id="terminal",
        ),
        PagesSettings(
            stage="local",
            agents_file=agents_file,
            model_label="scripted",
            launch="live",
            self_confirm=False,
        ),
    ):
        for name, value in settings.environment().items():
            set_variable(name, value)
    session.deps.cache_clear()
    pages.deps.cache_clear()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield origin, sent
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        session.deps.cache_clear()
        pages.deps.cache_clear()
