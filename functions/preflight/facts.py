"""What a check finds: facts for the approver's table, complaints that end the request, a price.

Text that others wrote (an image's name, a group's) is data: shortened, and made visible where it could hide.
"""

from dataclasses import dataclass, field
from typing import Any

from functions.shared import visible_text

VISIBLE_CHARACTERS = 128


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of the approver's table; `source` says who answers for it, `level` whether to look twice."""

    key: str
    label: str
    value: str
    source: str = "aws"
    level: str = "plain"


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why this call would fail, and what would be right; for the model and the person."""

    code: str
    text: str


@dataclass(slots=True, kw_only=True)
class Found:
    """Everything found about one call."""

    facts: list[Fact] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    price: dict[str, Any] | None = None
    disks: list[dict[str, Any]] = field(default_factory=list)
    """What the plan will say of the image's disks, where the operator has them encrypted."""

    def tell(self, key: str, label: str, value: str, *, source: str = "aws") -> None:
        self.facts.append(Fact(key, label, value, source))

    def warn(self, key: str, label: str, value: str, *, source: str = "aws") -> None:
        self.facts.append(Fact(key, label, value, source, "warning"))

    def complain(self, code: str, text: str) -> None:
        self.complaints.append(Complaint(code, text))

    def not_checked(self, what: str, why: object) -> None:
        """Something could not be read: never a reason to refuse, always told."""
        self.warn("not_checked", "Not checked", f"{what}: {why}")

    def value(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "facts": [
                {
                    "key": fact.key,
                    "label": fact.label,
                    "value": fact.value,
                    "source": fact.source,
                    "level": fact.level,
                }
                for fact in self.facts
            ],
            "price": self.price,
            "complaints": [{"code": one.code, "text": one.text} for one in self.complaints],
            **({"disks": self.disks} if self.disks else {}),
        }


def visible(text: object) -> str:
    """Somebody else's text on one line, at most 128 characters; what hides or reorders is written as its escape."""
    shown = visible_text.visible(str(text))
    if len(shown) <= VISIBLE_CHARACTERS:
        return shown
    return shown[: VISIBLE_CHARACTERS - 1] + "…"
