"""Approvals as values, in any state."""

from collections.abc import Mapping, Sequence
from typing import Any

from functions.shared.approval import Approval, Decision, Person, Status, Verdict
from functions.shared.identifiers import timestamp
from functions.shared.plan import PlannedCall, canonical, digest_of, draft_of, plan_of
from functions.shared.run_instances import planned
from tests.support.clock import START
from tests.support.fake_model import INSTANCE

ALICE = Person("sub-alice", "alice@example.com", "Alice")
BOB = Person("sub-bob", "bob@example.com", "Bob")
CAROL = Person("sub-carol", "carol@example.com", "Carol")
APPROVAL_ID = "abcdefghijklmnopqrstuvwxyz"
CONVERSATION_ID = "zyxwvutsrqponmlkjihgfedcba"
EXPIRES_AT = int(START.timestamp()) + 600


def approval_with(
    status: Status = Status.PENDING,
    *,
    calls: Mapping[str, Mapping[str, Any]] | None = None,
    requester: Person = ALICE,
    approvers: Sequence[str] = (),
    **more: Any,
) -> Approval:
    """An approval of these calls, by id; one instance if none are named."""
    drafted = [
        PlannedCall(
            call_id, "run_instances", "run_instances", dict(arguments), planned(arguments, {})
        )
        for call_id, arguments in (calls or {"call_1": INSTANCE}).items()
    ]
    draft = draft_of(
        calls=drafted,
        account="123456789012",
        region="us-east-1",
        target="default",
        requester=requester.sub,
        conversation_id=CONVERSATION_ID,
        turn=1,
        agent="ec2",
        manifest="m" * 64,
        random="r" * 26,
        approvers=approvers,
    )
    whole = plan_of(draft, account_alias="", facts={}, prices={}, lease_hours=8)
    plan = canonical(draft if status is Status.PREPARING else whole)
    values: dict[str, Any] = {
        "id": APPROVAL_ID,
        "status": status,
        "version": 2,
        "digest": digest_of(plan),
        "plan": plan,
        "agent": "ec2",
        "conversation_id": CONVERSATION_ID,
        "turn": 1,
        "requester": requester,
        "request_words": "kondo",
        "created_at": timestamp(START),
        "expires_at": None if status is Status.PREPARING else EXPIRES_AT,
        "asked": (BOB, CAROL),
    }
    return Approval(**{**values, **more})


def decided(
    approval: Approval, verdict: Verdict, *, by: Person = CAROL, reason: str = ""
) -> Decision:
    return Decision(
        decision=verdict,
        by=by,
        at=timestamp(START),
        digest=approval.digest,
        calls={call["id"]: verdict for call in approval.calls()},
        reason=reason,
    )
