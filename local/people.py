"""Who lives in the demo."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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

USER, APPROVER = "alice", "carol"
"""Who is put into the groups that manifests name, so that an agent for a few can be tried, and the others not."""


def groups_in(person: Person, agents: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """The person's own groups, and those in which they can try the `access` of these agents."""
    role = {USER: "use", APPROVER: "approve"}.get(person.name, "")
    named = [group for agent in agents.values() for group in agent.get("access", {}).get(role, ())]
    return tuple(dict.fromkeys([*person.groups, *named]))
