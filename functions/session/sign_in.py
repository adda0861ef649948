"""One sign-in on its way: authorization code with PKCE, tied to this browser by its state."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlencode

RETURN_CHARACTERS = 512
START_PAGE = "/"


@dataclass(frozen=True, slots=True)
class SignIn:
    state: str = field(repr=False)
    verifier: str = field(repr=False)
    return_path: str

    @classmethod
    def begin(cls, return_path: str) -> Self:
        return cls(
            secrets.token_urlsafe(32), secrets.token_urlsafe(48), safe_return_path(return_path)
        )

    @classmethod
    def kept(cls, cookie: str) -> Self | None:
        """The sign-in a cookie was made of; nothing when it was not made by us."""
        state, _, rest = cookie.partition(".")
        verifier, _, encoded = rest.partition(".")
        try:
            return_path = base64.urlsafe_b64decode(encoded).decode("ascii")
        except ValueError:
            return None
        return cls(state, verifier, safe_return_path(return_path)) if state and verifier else None

    def cookie(self) -> str:
        encoded = base64.urlsafe_b64encode(self.return_path.encode("ascii")).decode("ascii")
        return f"{self.state}.{self.verifier}.{encoded}"

    def is_answered_by(self, state: str) -> bool:
        return hmac.compare_digest(self.state.encode(), state.encode())

    def address(
        self, *, login_url: str, client_id: str, redirect_uri: str, again: bool = False
    ) -> str:
        """Where the browser goes to sign in; `again`: even if the service remembers who it is.

        https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html
        """
        digest = hashlib.sha256(self.verifier.encode("ascii")).digest()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": client_id,
                "redirect_uri": redirect_uri,
                "scope": "openid email profile",
                "state": self.state,
                "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii"),
                "code_challenge_method": "S256",
                **({"prompt": "login"} if again else {}),
            }
        )
        return f"{login_url}/oauth2/authorize?{query}"


def safe_return_path(text: str) -> str:
    """The path as given if it can only lead to a page of this site, else the start page."""
    is_plain = text.isascii() and text.isprintable() and not set(text) & {"\\", " "}
    is_path = text.startswith("/") and not text.startswith(("//", "/session"))
    return text if is_plain and is_path and len(text) <= RETURN_CHARACTERS else START_PAGE
