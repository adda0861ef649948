"""No test leaves this machine, and none sees the shell's accounts, keys or models."""

import ipaddress
import os
import socket

import pytest

PRIVATE = ("AWS_", "OPENAI_", "CHAT_MODEL", "APPROVAL_TIMEOUT_SECONDS")


FIRST = (
    "tests/story/test_launch.py",
    "tests/infra",
    "tests/sweeps",
    "tests/integration/test_approval_machine.py",
    "tests/integration/test_docs_agents.py",
    "tests/integration/test_terminal",
    "tests/story",
    "tests/hour",
    "tests/browser",
    "tests/emulator",
)
"""What takes longest, before the thousands of short tests, which fill up whatever process is free at the end.
One story makes the stack while the other processes do what needs none."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    def place(item):
        return next(
            (at for at, path in enumerate(FIRST) if item.nodeid.startswith(path)), len(FIRST)
        )

    items.sort(key=place)


class LeftTheMachine(Exception):
    """A test tried to connect to an address that is not this machine's."""


@pytest.fixture(scope="session", autouse=True)
def a_private_environment():
    for name in [name for name in os.environ if name.startswith(PRIVATE)]:
        del os.environ[name]
    os.environ["ALLOWED_CIDRS"] = ""


@pytest.fixture(scope="session", autouse=True)
def loopback_only():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(socket.socket.connect))
        patch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))
        yield


def guarded(connect):
    def guard(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not is_loopback(address[0]):
            raise LeftTheMachine(f"to {address[0]}")
        return connect(self, address)

    return guard


def is_loopback(host):
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
