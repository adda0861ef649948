"""How a terminal is signed in: the addresses that the sign-in service sends people back to."""

PORTS = (8976, 8977, 8978, 8979)
"""Loopback ports (RFC 8252, section 7.3): the service takes none that it was not told of."""
CODE_PATH = "/session/code"
"""The page that shows a code to be pasted."""


def loopback_uris() -> list[str]:
    """Where a browser on the same machine comes back to."""
    return [f"http://localhost:{port}/callback" for port in PORTS]
