"""Who lives in the demo."""

from dataclasses import dataclass

PASSWORD = "Countersign-demo-1"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Person:
    """One demo user and the groups they are in."""

    name: str
    groups: tuple[str, ...]

    @property
    def email(self) -> str:
        """Where their mails go, and how they sign in."""
        return f"{self.name}@example.com"


PEOPLE = (
    Person("alice", ("requesters",)),
    Person("bob", ("requesters", "approvers")),
    Person("carol", ("approvers",)),
    Person("dana", ("operators",)),
)
