"""The files beside this module: pages that are never kept, and assets that are kept under their version.

A page names its assets as `/assets/<version>/<name>`, and their own imports stay in that folder: what was loaded once
is never asked for again until one of the files changes. Nothing is built for that.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path

from functions.shared.errors import NotFound
from functions.shared.http import Request, Response

FOLDER = Path(__file__).parent / "static"
MEDIA_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), clipboard-write=(self)"
    ),
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, slots=True)
class File:
    text: str
    media_type: str
    tag: str


def shell(name: str, request: Request) -> Response:
    """A page without data; nothing of it is kept by the browser."""
    return _answer(_read_shell(name), request, "no-store")


def asset(name: str, request: Request, version: str = "") -> Response:
    """A script, style or picture; kept for good under today's version, else asked for again by its tag."""
    if name.endswith(".html") or name not in _names():
        raise NotFound("There is no such address here.")
    kept = "public, max-age=31536000, immutable"
    return _answer(_read(name), request, kept if version == assets_version() else "no-cache")


@cache
def assets_version() -> str:
    """Names all assets as they are now; it changes when one of them does."""
    tags = "".join(_read(name).tag for name in sorted(_names()) if not name.endswith(".html"))
    return hashlib.sha256(tags.encode()).hexdigest()[:16]


def _answer(file: File, request: Request, cache_control: str) -> Response:
    headers = {**PAGE_HEADERS, "Cache-Control": cache_control, "ETag": file.tag}
    known = [
        tag.strip().removeprefix("W/")
        for tag in request.headers.get("if-none-match", "").split(",")
    ]
    if file.tag in known or "*" in known:
        return Response(HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(HTTPStatus.OK, file.text, {**headers, "Content-Type": file.media_type})


@cache
def _names() -> frozenset[str]:
    return frozenset(path.name for path in FOLDER.iterdir() if path.suffix in MEDIA_TYPES)


@cache
def _read(name: str) -> File:
    return _file(name, (FOLDER / name).read_text(encoding="utf-8"))


@cache
def _read_shell(name: str) -> File:
    return _file(name, _read(name).text.replace('="/assets/', f'="/assets/{assets_version()}/'))


def _file(name: str, text: str) -> File:
    tag = hashlib.sha256(text.encode()).hexdigest()[:32]
    return File(text, MEDIA_TYPES[Path(name).suffix], f'"{tag}"')
