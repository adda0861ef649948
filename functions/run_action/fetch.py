"""The one way out: https to a host of the action's list, at an address that was checked, within bytes and seconds."""

import http.client
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote, unquote, urljoin

from functions.run_action.deadline import Deadline
from functions.run_action.endpoint import Endpoint, endpoint_of
from functions.run_action.failure import ActionFailed
from functions.run_action.resolve import Resolve, public_addresses, system_addresses
from functions.run_action.wire import HEADER_BYTES, Connect, Wire, connected

REDIRECTS = frozenset({301, 302, 303, 307, 308})
SAFE = frozenset({"GET", "HEAD"})
ADDRESSES_TRIED = 3
PIECE = 16 * 1024
_URL_CHARACTERS = "%-._~:/?#[]@!$&'()*+,;="
OWN_HEADERS = {
    "Accept": "application/json, text/*;q=0.9, */*;q=0.5",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "Countersign",
}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request as it will be sent; `secrets` are values that only its own host may see."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Allowance:
    """How far one request may go."""

    hosts: Collection[str]
    deadline: Deadline
    bytes: int
    redirects: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said; header names in lower case."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes


class Fetch(Protocol):
    def __call__(self, outgoing: Outgoing, allowance: Allowance) -> Answer:
        """The service's answer; raises `ActionFailed`. Sent once."""


class Fetcher:
    """Sends each request once. `pins` are the laptop's stand-ins: a host's requests go there, without TLS."""

    def __init__(
        self,
        *,
        resolve: Resolve = system_addresses,
        tls: ssl.SSLContext | None = None,
        pins: Mapping[str, tuple[str, int]] | None = None,
        connect: Connect = connected,
    ) -> None:
        self._resolve = resolve
        self._connect = connect
        self._tls = tls
        self._pins = pins or {}

    def __call__(self, outgoing: Outgoing, allowance: Allowance) -> Answer:
        url, headers = outgoing.url, _with_own(outgoing.headers)
        first = endpoint = endpoint_of(url, allowance.hosts)
        for hop in range(allowance.redirects + 1):
            answer, location = self._once(endpoint, outgoing, headers, allowance)
            if location is None or outgoing.method not in SAFE or allowance.redirects == 0:
                return answer
            if hop == allowance.redirects:
                break
            url = _joined(url, location)
            endpoint = _next(url, first, outgoing, allowance, answer.status)
            if endpoint.name != first.name:
                headers = OWN_HEADERS
        raise ActionFailed(
            "too_many_redirects",
            f"The service redirects too often; the last answer had status {answer.status}.",
            was_sent=True,
            extra={"status": answer.status},
        )

    def _once(
        self,
        endpoint: Endpoint,
        outgoing: Outgoing,
        headers: Mapping[str, str],
        allowance: Allowance,
    ) -> tuple[Answer, str | None]:
        """The answer, and where it redirects to."""
        wire = self._open(endpoint, allowance.deadline)
        try:
            _send(wire, endpoint, outgoing, headers)
            response = http.client.HTTPResponse(wire, method=outgoing.method)  # type: ignore[arg-type]
            response.begin()
            _refuse_encoded(response)
            body = _body(response, wire, allowance.bytes)
        except ActionFailed as error:
            raise ActionFailed(
                error.code, str(error), was_sent=wire.was_used, extra=error.extra
            ) from None
        except TimeoutError:
            raise ActionFailed(
                "timed_out", "The service did not answer in time.", was_sent=wire.was_used
            ) from None
        except (http.client.HTTPException, OSError, ValueError):
            # Their messages may hold the URL, and with it a secret.
            raise ActionFailed(
                "broken_answer",
                "The connection broke off, or the service did not answer in HTTP.",
                was_sent=wire.was_used,
            ) from None
        finally:
            wire.close()
        answer = Answer(
            response.status,
            response.reason,
            {name.lower(): value for name, value in response.headers.items()},
            body,
        )
        location = response.headers.get("location")
        return answer, location if response.status in REDIRECTS else None

    def _open(self, endpoint: Endpoint, deadline: Deadline) -> Wire:
        pin = self._pins.get(endpoint.name)
        if pin is not None:
            targets, tls = [pin], None
        else:
            addresses = public_addresses(self._resolve, endpoint.host, endpoint.port, deadline)
            targets = [(address, endpoint.port) for address in addresses[:ADDRESSES_TRIED]]
            tls = self._tls = self._tls or _context()
        for address, port in targets:
            try:
                return self._connect(address, port, name=endpoint.host, tls=tls, deadline=deadline)
            except ssl.SSLError:
                raise ActionFailed(
                    "tls_failed", "The host did not prove to be the one it is named."
                ) from None
            except TimeoutError:
                raise ActionFailed("timed_out", "The host could not be reached in time.") from None
            except OSError:
                continue
        raise ActionFailed("no_connection", "The host could not be reached.")


def _with_own(headers: Mapping[str, str]) -> dict[str, str]:
    """A manifest's header stands in the place of ours, however it is spelled."""
    given = {name.lower() for name in headers}
    own = {name: value for name, value in OWN_HEADERS.items() if name.lower() not in given}
    return {**own, **headers}


def _joined(url: str, location: str) -> str:
    """The address of a redirect as a browser reads it; empty where it is none."""
    try:
        return urljoin(url, quote(location.encode("latin-1"), safe=_URL_CHARACTERS))
    except ValueError:
        return ""


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _send(wire: Wire, endpoint: Endpoint, outgoing: Outgoing, headers: Mapping[str, str]) -> None:
    """`http.client` writes the request and refuses line breaks in each part; it neither connects nor retries here."""
    connection = http.client.HTTPConnection(endpoint.host, endpoint.port)
    connection.auto_open = 0
    connection.sock = wire
    connection.putrequest(outgoing.method, endpoint.path, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", endpoint.name)
    for name, value in headers.items():
        connection.putheader(name, value)
    if outgoing.body is not None:
        connection.putheader("Content-Length", str(len(outgoing.body)))
    connection.endheaders(outgoing.body)


def _refuse_encoded(response: http.client.HTTPResponse) -> None:
    """An encoded body was not asked for, and may be a thousand times what arrives."""
    for name, plain in (("content-encoding", "identity"), ("transfer-encoding", "chunked")):
        for value in response.headers.get_all(name, []):
            if value.strip().lower() not in ("", plain):
                raise ActionFailed(
                    "encoded_answer",
                    f"The service answered with status {response.status} in an encoding that was not asked for.",
                )


def _body(response: http.client.HTTPResponse, wire: Wire, most: int) -> bytes:
    """The whole body, or an error: what is cut off in the middle says something else."""
    too_large = ActionFailed(
        "too_large",
        f"The service answered with status {response.status} and more than {most} bytes.",
        extra={"status": response.status},
    )
    if response.length is not None and response.length > most:
        raise too_large
    wire.bytes_left = HEADER_BYTES + 2 * most
    body = bytearray()
    while piece := response.read(PIECE):
        body += piece
        if len(body) > most:
            raise too_large
    if response.length:
        raise ActionFailed("broken_answer", "The service's answer ended before its end.")
    return bytes(body)


def _next(
    url: str, first: Endpoint, outgoing: Outgoing, allowance: Allowance, status: int
) -> Endpoint:
    """Where a redirect leads, checked like any other URL; a secret goes to its own host alone."""
    try:
        endpoint = endpoint_of(url, allowance.hosts)
    except ActionFailed as error:
        raise ActionFailed(
            "redirect_refused",
            f"The service answered with status {status}, and its redirect is not followed: {error}",
            was_sent=True,
            extra={"status": status},
        ) from None
    shown = unquote(endpoint.path)
    if endpoint.name != first.name and any(secret in shown for secret in outgoing.secrets):
        raise ActionFailed(
            "redirect_refused",
            f"The service answered with status {status}, and its redirect would hand a secret to another host.",
            was_sent=True,
            extra={"status": status},
        )
    return endpoint
