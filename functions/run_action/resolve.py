"""The addresses of a host: asked for once, all of them public, or none is used."""

import queue
import socket
import threading
from collections.abc import Callable

from functions.run_action.addresses import may_be_reached
from functions.run_action.deadline import Deadline
from functions.run_action.failure import ActionFailed

Resolve = Callable[[str, int], list[str]]


def system_addresses(host: str, port: int) -> list[str]:
    """What the system's resolver says, each once; raises OSError."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(address[0]) for *_, address in answers))


def public_addresses(resolve: Resolve, host: str, port: int, deadline: Deadline) -> list[str]:
    """The addresses to connect to; raises `ActionFailed` where one of them must not be reached."""
    addresses = _asked(resolve, host, port, deadline)
    if not addresses:
        raise ActionFailed("host_unknown", "The host has no address.")
    if not all(may_be_reached(address) for address in addresses):
        raise ActionFailed(
            "address_refused", "The host's address is not one of the public Internet."
        )
    return addresses


def _asked(resolve: Resolve, host: str, port: int, deadline: Deadline) -> list[str]:
    """The resolver knows no time limit of ours, so it is asked beside the thread that waits."""
    answered: queue.SimpleQueue[list[str] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answered.put(resolve(host, port))
        except (OSError, UnicodeError) as error:
            answered.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answered.get(timeout=deadline.left())
    except queue.Empty:
        raise ActionFailed("timed_out", "The host's name was not resolved in time.") from None
    if isinstance(answer, Exception):
        raise ActionFailed("host_unknown", "The host's name cannot be resolved.") from answer
    return answer
