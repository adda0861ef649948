"""The small page a browser gets when a sign-in cannot be finished."""

import html
from http import HTTPStatus
from urllib.parse import quote

from functions.shared.http import Response

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
}
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Not signed in · Countersign</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/base.css">
</head>
<body>
<main class="notice-page">
<h1>You are not signed in</h1>
<p>{sentence}</p>
<p class="actions">
<a class="button primary" href="/session/login?return={return_path}">Sign in again</a>
<a class="button" href="{start}">Go to Countersign</a>
</p>
</main>
</body>
</html>
"""


def failure_page(
    sentence: str, *, return_path: str, status: HTTPStatus, cookies: tuple[str, ...] = ()
) -> Response:
    """One sentence about what happened, and the way to try again."""
    body = PAGE.format(
        sentence=html.escape(sentence),
        return_path=quote(return_path, safe="/"),
        start=html.escape(return_path, quote=True),
    )
    return Response(int(status), body, HEADERS, cookies)
