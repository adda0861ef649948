"""What a check found, in words for the person at the keyboard, with what to do about it."""

from dataclasses import dataclass
from typing import Any, Literal

State = Literal["ok", "warn", "fail", "unknown"]


@dataclass(frozen=True, slots=True)
class Found:
    """One line: how it stands, and the fix where it does not stand well."""

    state: State
    says: str
    fix: str = ""

    def __post_init__(self) -> None:
        assert bool(self.fix) != (self.state == "ok"), self.says  # noqa: S101 - our own sentences

    @property
    def is_bad(self) -> bool:
        """Whether it keeps doctor from ending well: what could not be checked is no green."""
        return self.state in ("fail", "unknown")

    def value(self, check: str) -> dict[str, Any]:
        """As programs read it."""
        return {"check": check, "state": self.state, "says": self.says, "fix": self.fix}


def ok(says: str) -> Found:
    return Found("ok", says)


def warn(says: str, fix: str) -> Found:
    """It works; somebody should know."""
    return Found("warn", says, fix)


def fail(says: str, fix: str) -> Found:
    """It will not work like this."""
    return Found("fail", says, fix)


class CannotCheck(Exception):
    """What a check needs is not there; `check` names the one whose line says so with its fix."""

    def __init__(self, check: str, says: str, fix: str) -> None:
        super().__init__(says)
        self.check = check
        self.says = says
        self.fix = fix
