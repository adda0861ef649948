"""What a terminal needs to sign somebody in: where to, and a page with the code for one that has no browser."""

import html
from http import HTTPStatus
from typing import Any

from functions.session.failure_page import HEADERS
from functions.shared.http import Response
from functions.shared.settings import SessionSettings
from functions.shared.terminal_sign_in import CODE_PATH, PORTS

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Your code · Countersign</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/base.css">
</head>
<body>
<main class="notice-page">
<h1>Paste this into your terminal</h1>
<p><code class="to-copy">{code}</code></p>
<p>It works once, within a few minutes, and only in the terminal where you began. <strong>Did somebody send you here?
Then close this page:</strong> whoever is given the code signs in as you.</p>
</main>
</body>
</html>
"""


def place(settings: SessionSettings) -> dict[str, Any]:
    """Where people of this deployment sign in; nothing of it is a secret."""
    return {
        "login_url": settings.login_url,
        "token_url": settings.login_url,
        "client_id": settings.terminal_client_id,
        "ports": list(PORTS),
        "code_uri": settings.origin + CODE_PATH,
    }


def code_page(code: str, state: str) -> Response:
    """The code with its state, which bind it to the terminal that knows the verifier."""
    body = PAGE.format(code=html.escape(f"{code}#{state}"))
    return Response(int(HTTPStatus.OK), body, HEADERS)
