"""What only the emulator's owner may ask: which corrections are on, who served which tenant, and which
faults shall happen."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from local.emulator import tenants
from local.emulator.ec2 import faults

PREFIX = "/_countersign/"

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


class _AnswerLost(Exception):
    """The connection ends in the middle of an answer, as ordered."""


def controlled(application: Application, corrections: Sequence[str]) -> Application:
    """The emulator's application with our own addresses before it and ordered faults after it."""

    async def serve(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await _answer(scope, receive, send, corrections)
        elif scope["type"] == "http":
            try:
                await application(scope, receive, _failing(send))
            except _AnswerLost:
                return
        else:
            await application(scope, receive, send)

    return serve


async def _answer(scope: Message, receive: Receive, send: Send, corrections: Sequence[str]) -> None:
    told: object = {"corrections": corrections}
    if scope["path"] == f"{PREFIX}lambda/tenants":
        told = {"served": tenants.served()}
    elif scope["path"] == f"{PREFIX}ec2/faults":
        if scope["method"] == "DELETE":
            faults.cancel_all()
        else:
            faults.order(await _body(receive))
        told = {}
    body = json.dumps(told).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        part: bytes = message.get("body", b"")
        body += part
        if not message.get("more_body"):
            return body


def _failing(send: Send) -> Send:
    """Hang or cut off the answers that a fault has marked."""
    lost = False

    async def send_or_fail(message: Message) -> None:
        nonlocal lost
        if message["type"] == "http.response.start":
            kept = [
                pair for pair in message["headers"] if pair[0].lower() != faults.HEADER.encode()
            ]
            marks = [pair[1] for pair in message["headers"] if pair not in kept]
            message = {**message, "headers": kept}
            for mark in marks:
                then, seconds = mark.decode().split()
                await asyncio.sleep(float(seconds))
                lost = then == "drop"
        elif lost:
            half = message.get("body", b"")[: len(message.get("body", b"")) // 2]
            await send({**message, "body": half, "more_body": True})
            raise _AnswerLost
        await send(message)

    return send_or_fail
