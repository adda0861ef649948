"""Why a command could not do what was asked: one sentence for who typed it, and the exit status."""

from collections.abc import Mapping
from typing import Any

DONE, FAILED, USAGE, REJECTED, EXPIRED, PENDING = 0, 1, 2, 3, 4, 5
"""What a shell sees."""


class CommandFailed(Exception):
    """Ends the command; `code` is stable, for programs."""

    code = "failed"
    status = FAILED


class WrongUse(CommandFailed):
    """The command line cannot be carried out as it is written."""

    code = "usage"
    status = USAGE


class NoNetwork(CommandFailed):
    """The deployment gave no answer."""

    code = "no_network"

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"There is no connection to {url} ({reason}). Nothing was changed by this try."
        )


class NotSignedIn(CommandFailed):
    """There is no session, or it is over."""

    code = "signed_out"

    def __init__(self, sentence: str = "You are not signed in.", *, url: str = "") -> None:
        super().__init__(f"{sentence} Sign in: countersign login {url or 'ADDRESS'}")


class Refused(CommandFailed):
    """The service answered with a problem (RFC 9457)."""

    def __init__(self, http_status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or f"The service answered {http_status}."))
        self.http_status = http_status
        self.code = str(problem.get("code") or "refused")
        self.problem = problem
