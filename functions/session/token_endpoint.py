"""The user pool's token endpoint: tokens for a code, for a refresh token, and their end."""

import base64
import http.client
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from functions.shared.errors import ProductError, Unavailable
from functions.shared.observe import logger

CONNECT_SECONDS = 3
ANSWER_SECONDS = 8
ANSWER_BYTES = 64 * 1024


class SignInUnavailable(Unavailable):
    code = "sign_in_unavailable"

    def __init__(self) -> None:
        super().__init__(
            "The sign-in service does not answer. Try again in a moment.",
            headers={"Retry-After": "5"},
        )


class GrantRefused(ProductError):
    """The code or refresh token is used, expired, revoked or was never issued."""

    code = "grant_refused"

    def __init__(self) -> None:
        super().__init__("This sign-in was already used or has expired.")


@dataclass(frozen=True, slots=True)
class User:
    """Who signed in, as the page shows it; rights are never taken from here."""

    sub: str
    name: str
    email: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tokens:
    access_token: str = field(repr=False)
    id_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    """Empty when the one in use stays valid."""
    expires_in: int

    def user(self) -> User:
        """Read without checking signatures: these tokens came from the pool, not through a browser."""
        access, identity = _claims(self.access_token), _claims(self.id_token)
        email = str(identity.get("email", ""))
        groups = access.get("cognito:groups") or identity.get("cognito:groups") or []
        return User(
            sub=str(access.get("sub") or identity.get("sub") or ""),
            name=str(identity.get("name") or email.partition("@")[0]),
            email=email,
            groups=tuple(str(group) for group in groups) if isinstance(groups, list) else (),
        )


class TokenEndpoint:
    def __init__(self, *, token_url: str, client_id: str, redirect_uri: str) -> None:
        self._address = urlsplit(token_url)
        self._client_id = client_id
        self._redirect_uri = redirect_uri

    def exchange(self, code: str, verifier: str) -> Tokens:
        """The tokens of a sign-in; raises `GrantRefused` for a code used, expired or not ours."""
        return self._grant(
            {
                "grant_type": "authorization_code",
                "code": code,
                "code_verifier": verifier,
                "redirect_uri": self._redirect_uri,
            }
        )

    def refresh(self, refresh_token: str) -> Tokens:
        """A new access token; raises `GrantRefused` when the session is over."""
        return self._grant({"grant_type": "refresh_token", "refresh_token": refresh_token})

    def revoke(self, refresh_token: str) -> None:
        """End the session in the pool too; access tokens already handed out live until they expire."""
        status, _ = self._post("/oauth2/revoke", {"token": refresh_token})
        if status != 200:
            logger.warning("refresh token was not revoked", status=status)

    def _grant(self, form: Mapping[str, str]) -> Tokens:
        status, answer = self._post("/oauth2/token", form)
        if status == 400 and answer.get("error") == "invalid_grant":
            raise GrantRefused
        if status != 200 or not isinstance(answer.get("access_token"), str):
            logger.error("token endpoint refused us", status=status, error=_error_code(answer))
            raise SignInUnavailable
        return Tokens(
            access_token=answer["access_token"],
            id_token=str(answer.get("id_token") or ""),
            refresh_token=str(answer.get("refresh_token") or ""),
            expires_in=int(answer.get("expires_in") or 0),
        )

    def _post(self, path: str, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        secure = self._address.scheme == "https"
        connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = connect(self._address.netloc, timeout=CONNECT_SECONDS)
        body = urlencode({**form, "client_id": self._client_id})
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        try:
            connection.request("POST", self._address.path + path, body, headers)
            response = connection.getresponse()
            return response.status, _object(_read(response, time.monotonic() + ANSWER_SECONDS))
        except (OSError, http.client.HTTPException) as error:
            logger.error("token endpoint did not answer", error=type(error).__name__)
            raise SignInUnavailable from error
        finally:
            connection.close()


def _read(response: http.client.HTTPResponse, deadline: float) -> bytes:
    """The body, within a size and a time however slowly it trickles in."""
    body = b""
    while chunk := response.read1(ANSWER_BYTES):
        body += chunk
        if len(body) > ANSWER_BYTES or time.monotonic() > deadline:
            raise http.client.HTTPException("answer too long or too slow")
    return body


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _error_code(answer: Mapping[str, Any]) -> str:
    """OAuth's short error word; anything longer might hold what must not be logged."""
    word = str(answer.get("error", ""))
    return word if re.fullmatch(r"[a-z_]{1,40}", word) else "unreadable"


def _claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        return _object(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        return {}
