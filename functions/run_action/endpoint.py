"""Where a URL leads: https, a name of the action's list, a path of plain characters; any other spelling is refused."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from functions.run_action.failure import ActionFailed

HTTPS = 443
NAME_CHARACTERS = 253
_URL = re.compile(r"(https)://([^/?#]*)(/[^?#]*)?(\?[^#]*)?(?:#.*)?", re.ASCII | re.IGNORECASE)
_CHARACTERS = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*", re.ASCII)
"""What RFC 3986 lets stand in a URL."""
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`host` in lower case; `path` with its query, as it is sent."""

    host: str
    port: int
    path: str

    @property
    def name(self) -> str:
        """As it stands in a list of hosts and in the header Host."""
        return self.host if self.port == HTTPS else f"{self.host}:{self.port}"


def endpoint_of(url: str, hosts: Collection[str]) -> Endpoint:
    """The endpoint of a URL whose host is one of `hosts`; raises `ActionFailed`."""
    found = _URL.fullmatch(url) if _CHARACTERS.fullmatch(url) else None
    if found is None:
        raise ActionFailed("url_refused", "The address is not a plain https URL.")
    _, authority, path, query = found.groups()
    host, _, port = authority.lower().partition(":")
    if not is_host_name(host) or not re.fullmatch(r"|[1-9][0-9]{0,4}", port, re.ASCII):
        raise ActionFailed(
            "host_refused", "The address must name its host, without numbers or credentials."
        )
    endpoint = Endpoint(host, int(port or HTTPS), (path or "/") + (query or ""))
    if endpoint.name not in hosts or endpoint.port > 65535:
        raise ActionFailed("host_not_allowed", "This function may not reach that host.")
    return endpoint


def is_host_name(host: str) -> bool:
    """Whether it is a dotted name in ASCII that no reader takes for a number; foreign scripts stand as `xn--`."""
    labels = host.split(".")
    return (
        len(host) <= NAME_CHARACTERS
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
        and not _NUMERIC.fullmatch(labels[-1])
    )
