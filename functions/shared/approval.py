"""An approval: the record people decide, and the rules of who may decide what, when.

Pure: times and identities are arguments. The table is in approval_table.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from functions.shared.errors import BadRequest, Conflict, Gone
from functions.shared.plan import digest_of, read_plan

APPROVERS = "approvers"
REASON_CHARACTERS = 1000


class Status(StrEnum):
    PREPARING = "preparing"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Verdict(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"


OPEN = frozenset({Status.PREPARING, Status.PENDING})
DECIDED = frozenset({Status.APPROVED, Status.REJECTED})


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody by the immutable subject of the user pool; e-mail and name are for people to read."""

    sub: str
    email: str = ""
    name: str = ""

    def is_same_as(self, other: "Person") -> bool:
        """Same subject, or same verified e-mail after case folding."""
        if self.sub == other.sub:
            return True
        return bool(self.email) and self.email.casefold() == other.email.casefold()

    def shown(self) -> str:
        return self.name or self.email or self.sub


@dataclass(frozen=True, slots=True)
class Seal:
    """A KMS HMAC over a decision: the key's ARN and the MAC in base64; see seal.py."""

    key: str
    mac: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person decided, per call."""

    decision: Verdict
    by: Person
    at: str
    digest: str
    calls: Mapping[str, Verdict]
    reason: str = ""
    self_confirmed: bool = False
    seal: Seal | None = None

    def approved_calls(self) -> list[str]:
        return [call_id for call_id, verdict in self.calls.items() if verdict is Verdict.APPROVE]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call: succeeded, failed, rejected, denied, expired, cancelled, unknown."""

    status: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One record; `version` counts its transitions. `expires_at` is in epoch seconds, set when it opens."""

    id: str
    status: Status
    version: int
    digest: str
    plan: str
    """Canonical JSON: a draft while it is prepared, then what people see; see plan.py."""
    agent: str
    conversation_id: str
    turn: int
    requester: Person
    request_words: str
    created_at: str
    expires_at: int | None = None
    asked: tuple[Person, ...] = ()
    notified: bool = False
    reminded: bool = False
    own_attempt: bool = False
    """Whether the requester tried to decide it; noted in the audit once."""
    decision: Decision | None = None
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    ended_by: str = ""
    """Why it ended without a decision: one sentence."""
    closed_at: str | None = None
    telling_until: int | None = None
    """Epoch seconds until when whoever closed it has to tell people of it; nobody else does before."""
    told_at: str | None = None
    audit_head: str = ""
    """Hash of the newest audit row; empty in records of the first release."""
    request_id: str = ""
    """The request to the API in which it was asked for, as its log lines name it; empty in earlier records."""

    def plan_value(self) -> dict[str, Any]:
        """The plan, read strictly; raises `UnreadablePlan`."""
        return read_plan(self.plan)

    def calls(self) -> list[dict[str, Any]]:
        """The planned calls: id, function, operation, arguments, and what plan.py adds."""
        calls: list[dict[str, Any]] = self.plan_value()["calls"]
        return calls

    def approver_groups(self) -> tuple[str, ...]:
        """Groups of which whoever countersigns has to be in one; empty: every approver may."""
        return tuple(self.plan_value().get("approvers", ()))

    @property
    def practised_by(self) -> str:
        """The subject of the one person who may decide it, since it is practice and runs nothing; else empty."""
        return str(self.plan_value().get("practice", ""))

    def can_be_countersigned_by(self, sub: str, groups: frozenset[str]) -> bool:
        """Whether this person, in these groups, may decide it, unless it is their own."""
        if APPROVERS not in groups or self.practised_by not in ("", sub):
            return False
        named = self.approver_groups()
        return not named or not groups.isdisjoint(named)

    def has_expired(self, now: datetime) -> bool:
        """The boundary is exclusive: at `expires_at` it is over."""
        return self.expires_at is not None and now.timestamp() >= self.expires_at

    def is_open(self, now: datetime) -> bool:
        """Whether people can still decide it."""
        return self.status in OPEN and not self.has_expired(now)

    def is_unfinished(self, now: datetime) -> bool:
        """Whether its calls may still run: open, or approved and not closed yet."""
        return self.is_open(now) or (self.status is Status.APPROVED and self.closed_at is None)


class NotReady(Conflict):
    code = "not_ready"

    def __init__(self) -> None:
        super().__init__(
            "This request is still being prepared; look again in a moment.",
            headers={"Retry-After": "2"},
        )


class AlreadyDecided(Conflict):
    code = "already_decided"

    def __init__(self, decision: Decision) -> None:
        super().__init__(
            f"{decision.by.shown()} already decided this at {decision.at}: {decision.decision}.",
            extra={
                "decision": decision.decision,
                "decided_by": decision.by.shown(),
                "decided_at": decision.at,
            },
            headers={"x-should-retry": "false"},
        )


class AlreadyClosed(Conflict):
    code = "already_closed"

    def __init__(self, status: Status) -> None:
        super().__init__(f"This request was already {status}.", headers={"x-should-retry": "false"})


class DigestDiffers(Conflict):
    code = "digest_differs"

    def __init__(self) -> None:
        super().__init__(
            "What you were shown is not what is stored; reload the page and look again.",
            headers={"x-should-retry": "false"},
        )


class Expired(Gone):
    code = "expired"
    status = HTTPStatus.GONE

    def __init__(self) -> None:
        super().__init__("The time to decide this is over; nothing was started.")


def decide(
    approval: Approval,
    verdict: Verdict,
    *,
    digest: str,
    calls: Mapping[str, Verdict],
    reason: str,
    by: Person,
    now: datetime,
    at: str,
) -> Decision:
    """The decision as a value, by an entitled person; the stored one when it is the same again.

    Raises `NotReady`, `AlreadyDecided`, `AlreadyClosed`, `Expired`, `DigestDiffers`, `BadRequest`.
    """
    wanted = Decision(
        decision=verdict,
        by=by,
        at=at,
        digest=digest,
        calls=_per_call(approval, verdict, calls),
        reason=reason,
        self_confirmed=by.is_same_as(approval.requester),
    )
    if approval.decision is not None:
        stored = approval.decision
        if (stored.by.sub, stored.decision, stored.digest, stored.calls) == (
            by.sub,
            verdict,
            digest,
            wanted.calls,
        ):
            return stored
        raise AlreadyDecided(stored)
    if approval.status is Status.EXPIRED:
        raise Expired
    if approval.status is Status.PREPARING:
        raise NotReady
    if approval.status is not Status.PENDING:
        raise AlreadyClosed(approval.status)
    if approval.has_expired(now):
        raise Expired
    if not digest == approval.digest == digest_of(approval.plan):
        raise DigestDiffers
    return wanted


def _per_call(
    approval: Approval, verdict: Verdict, calls: Mapping[str, Verdict]
) -> dict[str, Verdict]:
    known = [call["id"] for call in approval.calls()]
    unknown = set(calls) - set(known)
    if unknown:
        raise BadRequest("The decision names a call that is not part of this request.")
    verdicts = {call_id: calls.get(call_id, verdict) for call_id in known}
    if verdict is Verdict.REJECT and Verdict.APPROVE in verdicts.values():
        raise BadRequest("A rejected request cannot approve one of its calls.")
    if verdict is Verdict.APPROVE and Verdict.APPROVE not in verdicts.values():
        raise BadRequest("Every call is rejected; reject the request instead.")
    return verdicts
