"""Signing in from a terminal: authorization code with PKCE (RFC 7636, RFC 8252), by a loopback port or pasted."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from cli.terminal.failures import CommandFailed, NoNetwork, NotSignedIn
from cli.terminal.kept import Session

SPARE_SECONDS = 60
"""An access token that ends sooner is replaced before it is used."""
ANSWER_SECONDS = 15.0
CODE_CHARACTERS = 2048


@dataclass(frozen=True, slots=True)
class Place:
    """Where people of a deployment sign in, as the deployment itself says."""

    url: str
    login_url: str
    token_url: str
    client_id: str
    ports: tuple[int, ...]
    """Loopback ports that the sign-in service sends people back to."""
    code_uri: str
    """The deployment's page that shows a code to be pasted."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in on its way; the verifier never leaves this process but for the token endpoint."""

    place: Place
    redirect_uri: str
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)

    def address(self, *, again: bool = False) -> str:
        """Where a browser goes; `again`: also somebody whom the service remembers signs in anew."""
        digest = hashlib.sha256(self.verifier.encode("ascii")).digest()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self.place.client_id,
                "redirect_uri": self.redirect_uri,
                "scope": "openid email profile",
                "state": self.state,
                "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii"),
                "code_challenge_method": "S256",
                **({"prompt": "login"} if again else {}),
            }
        )
        return f"{self.place.login_url}/oauth2/authorize?{query}"

    def code_in(self, answer: str) -> str:
        """The code of the address that the browser was sent back to, or of what was pasted; raises `CommandFailed`."""
        text = answer.strip()
        if "?" in text:
            query = parse_qs(urlsplit(text).query)
            if "error" in query:
                raise CommandFailed("The sign-in was refused or broken off.")
            code, state = (query.get(name, [""])[0] for name in ("code", "state"))
        else:
            code, _, state = text.partition("#")
        if not code or len(code) > CODE_CHARACTERS:
            raise CommandFailed("This is no code of a sign-in.")
        if not hmac.compare_digest(state.encode(), self.state.encode()):
            raise CommandFailed("This code belongs to another sign-in; begin again.")
        return code


class SignInService:
    """The deployment's word on where to sign in, and the token endpoint."""

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._client = httpx.Client(timeout=ANSWER_SECONDS, transport=transport)

    def place(self, address: str) -> Place:
        """What stands at an address; raises `CommandFailed` where it is no deployment."""
        url = normal_address(address)
        said = self._json("GET", f"{url}/session/terminal", url)
        try:
            return Place(
                url=url,
                login_url=str(said["login_url"]),
                token_url=str(said["token_url"]),
                client_id=str(said["client_id"]),
                ports=tuple(int(port) for port in said["ports"]),
                code_uri=str(said["code_uri"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise CommandFailed(f"{url} is no Countersign, or an older one.") from error

    def session(self, attempt: Attempt, code: str, now: float) -> Session:
        """The session that a code opens."""
        place = attempt.place
        tokens = self._grant(
            place.token_url,
            {
                "grant_type": "authorization_code",
                "client_id": place.client_id,
                "code": code,
                "code_verifier": attempt.verifier,
                "redirect_uri": attempt.redirect_uri,
            },
            place.url,
        )
        said = _claims(str(tokens.get("id_token", "")))
        email = str(said.get("email", ""))
        return Session(
            url=place.url,
            client_id=place.client_id,
            token_url=place.token_url,
            name=str(said.get("name") or email.partition("@")[0]),
            email=email,
            access_token=str(tokens["access_token"]),
            refresh_token=str(tokens.get("refresh_token", "")),
            expires_at=int(now) + int(tokens.get("expires_in", 0)),
        )

    def refreshed(self, session: Session, now: float) -> Session:
        """The session with a new access token; raises `NotSignedIn` where it is over."""
        tokens = self._grant(
            session.token_url,
            {
                "grant_type": "refresh_token",
                "client_id": session.client_id,
                "refresh_token": session.refresh_token,
            },
            session.url,
        )
        return replace(
            session,
            access_token=str(tokens["access_token"]),
            refresh_token=str(tokens.get("refresh_token") or session.refresh_token),
            expires_at=int(now) + int(tokens.get("expires_in", 0)),
        )

    def revoke(self, session: Session) -> None:
        """End the session at the service; raises `NoNetwork`."""
        form = {"token": session.refresh_token, "client_id": session.client_id}
        self._send("POST", f"{session.token_url}/oauth2/revoke", session.url, form)

    def _grant(self, token_url: str, form: Mapping[str, str], url: str) -> Mapping[str, Any]:
        answer = self._send("POST", f"{token_url}/oauth2/token", url, form)
        if answer.status_code == 400:
            raise NotSignedIn("This sign-in was used already, or is over.", url=url)
        said = _object(answer.content)
        if not answer.is_success or not isinstance(said.get("access_token"), str):
            raise CommandFailed("The sign-in service gave no token; try again in a moment.")
        return said

    def _json(self, method: str, address: str, url: str) -> Mapping[str, Any]:
        answer = self._send(method, address, url)
        return _object(answer.content) if answer.is_success else {}

    def _send(
        self, method: str, address: str, url: str, form: Mapping[str, str] | None = None
    ) -> httpx.Response:
        try:
            return self._client.request(method, address, data=form)
        except httpx.HTTPError as error:
            raise NoNetwork(url, type(error).__name__) from error


class KeptTokens:
    """The access tokens of the session that is kept in a directory."""

    def __init__(
        self,
        directory: Path,
        service: SignInService,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._directory = directory
        self._service = service
        self._clock = clock
        session = Session.read(directory)
        if session is None:
            raise NotSignedIn
        self._session = session

    @property
    def url(self) -> str:
        return self._session.url

    def access_token(self, *, fresh: bool = False) -> str:
        """Replaced before it ends; another command may have done so already."""
        kept = Session.read(self._directory)
        if kept is None:
            raise NotSignedIn(url=self._session.url)
        used, self._session = self._session, kept
        is_new = kept.access_token != used.access_token
        if self._is_good() and (is_new or not fresh):
            return self._session.access_token
        self._session = self._service.refreshed(self._session, self._clock())
        self._session.keep(self._directory)
        return self._session.access_token

    def _is_good(self) -> bool:
        return self._session.expires_at - SPARE_SECONDS > self._clock()


def normal_address(address: str) -> str:
    """An address as people write it, as scheme and host; only a machine's own may do without TLS."""
    text = address.strip().rstrip("/")
    parts = urlsplit(text if "://" in text else f"https://{text}")
    is_here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise CommandFailed(f"{address!r} is no address.")
    if parts.scheme == "http" and not is_here:
        raise CommandFailed("The address must begin with https://.")
    return f"{parts.scheme}://{parts.netloc}"


def _object(content: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _claims(token: str) -> Mapping[str, Any]:
    """What the token says of its owner: only shown; rights are the service's to decide."""
    payload = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        return _object(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        return {}
