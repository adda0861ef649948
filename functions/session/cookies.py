"""The cookies: the session's refresh token with a visible mark, and a sign-in on its way."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

SESSION_SECONDS = 30 * 24 * 60 * 60
SIGN_IN_SECONDS = 10 * 60
SIGN_INS_AT_ONCE = 4
VALUE = re.compile(r"[!#-+\--:<-\[\]-~]{1,3900}")
"""RFC 6265's characters; browsers drop a cookie whose name and value exceed 4096 bytes."""


def fits_a_cookie(value: str) -> bool:
    return VALUE.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class Cookies:
    """Names and attributes at one origin; `__Host-` and Secure wherever the address allows them."""

    prefix: str
    suffix: str
    secure: str

    @classmethod
    def at(cls, origin: str) -> Self:
        """Cookies know no ports, so on plain loopback the port becomes part of the name."""
        address = urlsplit(origin)
        if address.scheme == "https":
            return cls("__Host-countersign", "", "; Secure")
        return cls("countersign", f"-{address.port or 80}", "")

    def session(self, sent: Sequence[str]) -> str:
        """The refresh token the browser sent, or nothing."""
        value = self._values(sent).get(self._session_name(), "")
        return value if fits_a_cookie(value) else ""

    def keep_session(self, refresh_token: str) -> tuple[str, str]:
        """The session, and a mark without content that scripts may see: a page without it need not ask."""
        return self._session(refresh_token, SESSION_SECONDS), self._mark("1", SESSION_SECONDS)

    def clear_session(self) -> tuple[str, str]:
        return self._session("", 0), self._mark("", 0)

    def sign_in(self, sent: Sequence[str], state: str) -> str:
        """What was kept when the sign-in with this state began in this browser, or nothing."""
        return self._values(sent).get(self._sign_in_name(state), "")

    def keep_sign_in(self, state: str, value: str) -> str:
        """One cookie per state, so that two tabs may sign in at once."""
        return self._lax(self._sign_in_name(state), value, SIGN_IN_SECONDS)

    def clear_sign_in(self, state: str) -> str:
        return self._lax(self._sign_in_name(state), "", 0)

    def clear_abandoned(self, sent: Sequence[str]) -> list[str]:
        """Sign-ins beyond a handful: kept, they would outgrow the gateway's header limit."""
        begun = [name for name in self._values(sent) if name.startswith(self._sign_in_name(""))]
        surplus = begun[: max(0, len(begun) - SIGN_INS_AT_ONCE + 1)]
        return [self._lax(name, "", 0) for name in surplus]

    def _session(self, value: str, seconds: int) -> str:
        attributes = f"Max-Age={seconds}; Path=/; HttpOnly; SameSite=Strict{self.secure}"
        return f"{self._session_name()}={value}; {attributes}"

    def _mark(self, value: str, seconds: int) -> str:
        attributes = f"Max-Age={seconds}; Path=/; SameSite=Strict{self.secure}"
        return f"{self.prefix}-signed-in{self.suffix}={value}; {attributes}"

    def _lax(self, name: str, value: str, seconds: int) -> str:
        """Lax, because the browser comes back from another site."""
        return f"{name}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Lax{self.secure}"

    def _session_name(self) -> str:
        return f"{self.prefix}-session{self.suffix}"

    def _sign_in_name(self, state: str) -> str:
        return f"{self.prefix}-sign-in{self.suffix}-{state[:8]}"

    def _values(self, sent: Sequence[str]) -> dict[str, str]:
        pairs = (cookie.strip().partition("=") for cookie in sent)
        return {name: value for name, _, value in pairs}
