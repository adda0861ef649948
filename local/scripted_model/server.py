"""The scripted model over HTTP: the thin part."""

import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from local.scripted_model.reply import reply


async def completions(request: Request) -> JSONResponse:
    """`POST /v1/chat/completions`."""
    try:
        asked: Any = json.loads(await request.body())
    except ValueError:
        asked = None
    if not isinstance(asked, dict) or not isinstance(asked.get("messages"), list):
        problem = {"message": "messages are missing", "type": "invalid_request_error"}
        return JSONResponse({"error": problem}, 400)
    return JSONResponse(reply(asked))


scripted_model = Starlette(
    routes=[Route("/v1/chat/completions", completions, methods=["POST"])],
)
