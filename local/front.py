"""One address for everything a browser needs: the API's pages, Cognito's sign-in, and the
mailbox."""

import socket
import threading
from collections.abc import Iterable
from typing import Any

import httpx
import uvicorn
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from local.mailbox import Mailbox
from local.mailbox_page import POLICY, mailbox_page

_SIGN_IN = ("/oauth2/", "/login", "/logout")
_OF_THE_CONNECTION = frozenset(
    b"connection keep-alive proxy-connection te trailer transfer-encoding upgrade".split()
)
_ANSWER_SECONDS = 60.0


class Front:
    """An ASGI application that passes requests on as they came."""

    def __init__(self, *, endpoint: str, api_id: str, origin: str, mailbox: Mailbox) -> None:
        self._endpoint = endpoint
        self._api = f"/_aws/execute-api/{api_id}/$default"
        self._hosts = {origin.partition("://")[2], origin.replace("127.0.0.1", "localhost")[7:]}
        self._mailbox = mailbox
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=50)
        self._client = httpx.AsyncClient(
            timeout=_ANSWER_SECONDS, limits=limits, trust_env=False, follow_redirects=False
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        path = request.url.path
        if path.startswith("/_local/"):
            answer = await self._local(request, path)
        else:
            is_sign_in = path.startswith(_SIGN_IN[0]) or path in _SIGN_IN[1:]
            answer = await self._pass_on(request, "" if is_sign_in else self._api)
        await answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Begin and end together with the server."""
        while True:
            event = (await receive())["type"]
            if event == "lifespan.shutdown":
                await self._client.aclose()
            await send({"type": f"{event}.complete"})
            if event == "lifespan.shutdown":
                return

    async def _local(self, request: Request, path: str) -> Response:
        """The mailbox; only under our own name, so that no other site can read it by rebinding."""
        if request.headers.get("host") not in self._hosts:
            return PlainTextResponse("Not this host.", 403)
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse("Mails can only be read.", 405)
        if path == "/_local/mailbox.json":
            return JSONResponse(await run_in_threadpool(self._mailbox.as_json))
        if path == "/_local/mailbox":
            mails = await run_in_threadpool(self._mailbox.mails)
            page = mailbox_page(mails, request.query_params.get("to", ""))
            return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})
        return PlainTextResponse("Not found.", 404)

    async def _pass_on(self, request: Request, prefix: str) -> Response:
        raw_path: bytes = request.scope["raw_path"].partition(b"?")[0]
        query: bytes = request.scope["query_string"]
        target = prefix.encode() + raw_path + (b"?" + query if query else b"")
        passed = httpx.Request(
            request.method,
            httpx.URL(self._endpoint).copy_with(raw_path=target),
            headers=list(_end_to_end(request.headers.raw)),
            content=await request.body(),
        )
        try:
            answered = await self._client.send(passed, stream=True)
            body = b"".join([part async for part in answered.aiter_raw()])
        except httpx.TransportError as error:
            return PlainTextResponse(f"The emulator does not answer: {error!r}", 502)
        response = Response(body, answered.status_code)
        response.raw_headers = [
            (name.lower(), value)
            for name, value in _end_to_end(answered.headers.raw)
            if name.lower() not in (b"date", b"server")
        ]
        return response


def _end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
    return (pair for pair in headers if pair[0].lower() not in _OF_THE_CONNECTION)


class Server:
    """An ASGI application served by a thread of ours until we stop it."""

    def __init__(self, application: Any, listener: socket.socket) -> None:  # noqa: ANN401
        settings = uvicorn.Config(
            application, http="h11", lifespan="on", log_level="error", server_header=False
        )
        self._server = uvicorn.Server(settings)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, daemon=True
        )
        host, port = listener.getsockname()[:2]
        self.url = f"http://{host}:{port}"

    def start(self) -> None:
        """Answer from now on; what arrived since the port was taken waits in its queue."""
        self._thread.start()

    def stop(self) -> None:
        """Answer what is under way, then no more."""
        self._server.should_exit = True
        self._thread.join(5)


def listen(port: int) -> socket.socket:
    """Take a port on loopback, 0 for any free one; raises `OSError` when it is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    return listener
