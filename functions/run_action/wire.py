"""One connection to one checked address, with an end in time and in bytes for everything that is read."""

import io
import socket
import ssl
from typing import Any, Protocol

from functions.run_action.deadline import Deadline
from functions.run_action.failure import ActionFailed

HEADER_BYTES = 64 * 1024


class Wire:
    """What `http.client` needs of a socket; each read gets the time that is left, however little arrives."""

    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket = connected
        self._deadline = deadline
        self.bytes_left = HEADER_BYTES
        self.was_used = False

    def sendall(self, data: bytes) -> None:
        self.was_used = True
        view = memoryview(data)
        while view:
            self._socket.settimeout(self._deadline.left())
            view = view[self._socket.send(view) :]

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        """For reading; nothing else is asked for."""
        return io.BufferedReader(_Reading(self))

    def read_into(self, buffer: memoryview) -> int:
        if self.bytes_left <= 0:
            raise ActionFailed("too_large", "The service's answer is too large.")
        self._socket.settimeout(self._deadline.left())
        count = self._socket.recv_into(buffer[: self.bytes_left])
        self.bytes_left -= count
        return count

    def close(self) -> None:
        self._socket.close()


class _Reading(io.RawIOBase):
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._wire.read_into(memoryview(buffer))


class Connect(Protocol):
    def __call__(
        self, address: str, port: int, *, name: str, tls: ssl.SSLContext | None, deadline: Deadline
    ) -> Wire:
        """A connection to exactly this address; with TLS it must prove to be `name`."""


def connected(
    address: str, port: int, *, name: str, tls: ssl.SSLContext | None, deadline: Deadline
) -> Wire:
    """What `Connect` promises; raises OSError, `ActionFailed`."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(deadline.left())
        connection.connect((address, port))
        if tls is not None:
            connection.settimeout(deadline.left())
            connection = tls.wrap_socket(connection, server_hostname=name)
    except BaseException:
        connection.close()
        raise
    return Wire(connection, deadline)
