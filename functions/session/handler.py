"""Same-origin sign-in: the only room that reads a cookie.

The refresh token lies in that cookie; pages get short access tokens for their memory.
"""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from functions.session.cookies import Cookies, fits_a_cookie
from functions.session.failure_page import failure_page
from functions.session.sign_in import START_PAGE, SignIn
from functions.session.terminal import code_page, place
from functions.session.token_endpoint import GrantRefused, SignInUnavailable, TokenEndpoint
from functions.shared.errors import NotAllowed, ProductError
from functions.shared.http import BodyTooLarge, Request, Response, json_response, problem, serve
from functions.shared.observe import logger
from functions.shared.settings import SessionSettings
from functions.shared.terminal_sign_in import CODE_PATH

CALLBACK = "/session/callback"
ANSWER_CHARACTERS = 2048
"""Longest code or state we look at; the pool's own are far shorter."""
BODY_BYTES = 1024


class SignedOut(ProductError):
    status = HTTPStatus.UNAUTHORIZED
    code = "signed_out"

    def __init__(self) -> None:
        super().__init__("You are signed out. Sign in to go on.")


class ForeignOrigin(NotAllowed):
    code = "foreign_origin"

    def __init__(self, origin: str) -> None:
        super().__init__(
            f"Sign-in works only on Countersign's own pages, at {origin}.",
            extra={"origin": origin},
        )


@dataclass(frozen=True, slots=True)
class Deps:
    settings: SessionSettings
    cookies: Cookies
    tokens: TokenEndpoint


@cache
def deps() -> Deps:
    settings = SessionSettings.load(os.environ)
    return Deps(
        settings=settings,
        cookies=Cookies.at(settings.origin),
        tokens=TokenEndpoint(
            token_url=settings.token_url,
            client_id=settings.client_id,
            redirect_uri=settings.origin + CALLBACK,
        ),
    )


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    return serve(event, context, ROUTES)


def login(request: Request) -> Response:
    """Send the browser to the login page; where it came from waits in a cookie."""
    settings, cookies = deps().settings, deps().cookies
    sign_in = SignIn.begin(request.query.get("return", START_PAGE))
    address = sign_in.address(
        login_url=settings.login_url,
        client_id=settings.client_id,
        redirect_uri=settings.origin + CALLBACK,
        again=request.query.get("again") == "1",
    )
    kept = cookies.keep_sign_in(sign_in.state, sign_in.cookie())
    return _redirect(address, (*cookies.clear_abandoned(request.cookies), kept))


def callback(request: Request) -> Response:
    """Finish a sign-in.

    The strict cookie set here is not sent along the redirect, and need not be: the shell asks
    `POST /session` for its token by a fetch of its own, which is same-site.
    """
    cookies = deps().cookies
    state = request.query.get("state", "")[:ANSWER_CHARACTERS]
    sign_in = SignIn.kept(cookies.sign_in(request.cookies, state))
    if sign_in is None or not sign_in.is_answered_by(state):
        return failure_page(
            "This sign-in is too old, was finished already, or began in another browser.",
            return_path=START_PAGE,
            status=HTTPStatus.BAD_REQUEST,
        )
    over = cookies.clear_sign_in(state)
    try:
        tokens = deps().tokens.exchange(_code(request), sign_in.verifier)
    except (GrantRefused, NotSignedIn, SignInUnavailable) as refusal:
        return failure_page(
            str(refusal), return_path=sign_in.return_path, status=refusal.status, cookies=(over,)
        )
    if not fits_a_cookie(tokens.refresh_token):
        logger.error("refresh token does not fit a cookie", characters=len(tokens.refresh_token))
        return failure_page(
            "The sign-in service gave a session that a browser cannot keep. Tell your operator.",
            return_path=sign_in.return_path,
            status=HTTPStatus.BAD_GATEWAY,
            cookies=(over,),
        )
    return _redirect(sign_in.return_path, (over, *cookies.keep_session(tokens.refresh_token)))


def terminal(request: Request) -> Response:  # noqa: ARG001 - the same for everybody
    """Where a terminal signs somebody in."""
    return json_response(place(deps().settings))


def code(request: Request) -> Response:
    """The code of a terminal's sign-in, to be pasted there; without the terminal's verifier it is worth nothing."""
    state = request.query.get("state", "")[:ANSWER_CHARACTERS]
    try:
        return code_page(_code(request), state)
    except NotSignedIn as refusal:
        return failure_page(str(refusal), return_path=START_PAGE, status=refusal.status)


def open_session(request: Request) -> Response:
    """A short access token for the page's memory, for whoever holds the cookie."""
    _own_page_only(request)
    cookies = deps().cookies
    refresh_token = cookies.session(request.cookies)
    if not refresh_token:
        raise SignedOut
    try:
        tokens = deps().tokens.refresh(refresh_token)
    except GrantRefused:
        return replace(problem(SignedOut(), request.request_id), cookies=cookies.clear_session())
    rotated = fits_a_cookie(tokens.refresh_token)
    kept = cookies.keep_session(tokens.refresh_token) if rotated else ()
    answer = {
        "access_token": tokens.access_token,
        "expires_in": tokens.expires_in,
        "user": asdict(tokens.user()),
    }
    return replace(json_response(answer), cookies=kept)


def close_session(request: Request) -> Response:
    """Sign out here; `Location` is where the browser ends the login page's own session too."""
    _own_page_only(request)
    settings, cookies = deps().settings, deps().cookies
    refresh_token = cookies.session(request.cookies)
    if refresh_token:
        try:
            deps().tokens.revoke(refresh_token)
        except SignInUnavailable:
            logger.warning("signed out without the sign-in service")
    query = urlencode({"client_id": settings.client_id, "logout_uri": f"{settings.origin}/"})
    location = f"{settings.login_url}/logout?{query}"
    return Response(
        HTTPStatus.NO_CONTENT, headers={"Location": location}, cookies=cookies.clear_session()
    )


ROUTES = {
    "GET /session/login": login,
    f"GET {CALLBACK}": callback,
    "GET /session/terminal": terminal,
    f"GET {CODE_PATH}": code,
    "POST /session": open_session,
    "DELETE /session": close_session,
}


class NotSignedIn(ProductError):
    """The login page sent the browser back without a code."""


def _code(request: Request) -> str:
    code = request.query.get("code", "")
    if request.query.get("error") == "access_denied":
        raise NotSignedIn("The sign-in was cancelled.")
    if not 0 < len(code) <= ANSWER_CHARACTERS:
        raise NotSignedIn("The sign-in service did not let you in.")
    return code


def _own_page_only(request: Request) -> None:
    """A cookie proves only which browser asks; `Origin` proves which page."""
    origin = deps().settings.origin
    if request.headers.get("origin") != origin:
        raise ForeignOrigin(origin)
    if len(request.body) > BODY_BYTES:
        raise BodyTooLarge


def _redirect(location: str, cookies: tuple[str, ...]) -> Response:
    return Response(HTTPStatus.FOUND, headers={"Location": location}, cookies=cookies)
