"""One approved and closed approval with its audit rows, as values."""

from dataclasses import replace
from typing import Any

from functions.shared.approval import Approval, Decision, Outcome, Person, Status, Verdict
from functions.shared.approval_item import decision_item, outcome_items
from functions.shared.audit import AuditEntry, entry_after
from functions.shared.identifiers import timestamp
from functions.shared.plan import canonical, digest_of
from tests.support.clock import START

APPROVAL_ID = "abcdefghijklmnopqrstuvwxyz"
ALICE = Person("sub-alice", "alice@example.com", "Alice")
CAROL = Person("sub-carol", "carol@example.com", "Carol")
OUTCOMES = {"call_1": Outcome("succeeded", "i-0123456789abcdef0 runs.")}


def a_plan(**more: Any) -> str:
    call = {"id": "call_1", "function": "run_instances", "operation": "run_instances"}
    return canonical({"version": 2, "random": "r" * 26, "calls": [call], **more})


def an_approval(plan: str = "") -> Approval:
    """As its first write leaves it."""
    plan = plan or a_plan()
    return Approval(
        id=APPROVAL_ID,
        status=Status.PREPARING,
        version=1,
        digest=digest_of(plan),
        plan=plan,
        agent="ec2",
        conversation_id="zyxwvutsrqponmlkjihgfedcba",
        turn=3,
        requester=ALICE,
        request_words="kondo",
        created_at=timestamp(START),
        expires_at=int(START.timestamp()) + 600,
        asked=(CAROL,),
    )


def a_decision(digest: str) -> Decision:
    return Decision(
        decision=Verdict.APPROVE,
        by=CAROL,
        at=timestamp(START),
        digest=digest,
        calls={"call_1": Verdict.APPROVE},
        reason="fine",
    )


def audited() -> tuple[Approval, list[dict[str, Any]]]:
    """Requested, opened, decided, closed."""
    opened = a_plan(account_alias="payments-test")
    decision = a_decision(digest_of(opened))
    approval = an_approval()
    events = [
        ("requested", ALICE.sub, {"draft_digest": approval.digest}),
        ("opened", "request_approval", {"digest": digest_of(opened), "plan": opened}),
        ("decided", CAROL.sub, decision_item(decision)),
        ("closed", "record_outcome", {"outcomes": outcome_items(OUTCOMES)}),
    ]
    rows, previous = [], ""
    for number, (event, actor, details) in enumerate(events, start=1):
        entry = entry_after(
            previous,
            approval_id=APPROVAL_ID,
            number=number,
            event=event,
            actor=actor,
            details=details,
            now=START,
        )
        rows.append(row_of(entry))
        previous = entry.hash
    closed = replace(
        approval,
        status=Status.APPROVED,
        version=len(rows),
        plan=opened,
        digest=digest_of(opened),
        decision=decision,
        outcomes=OUTCOMES,
        closed_at=timestamp(START),
        audit_head=previous,
    )
    return closed, rows


def row_of(entry: AuditEntry) -> dict[str, Any]:
    """As `AuditTable.rows` gives it."""
    return {
        "number": entry.number,
        "at": entry.at,
        "event": entry.event,
        "actor": entry.actor,
        "details": dict(entry.details),
        "previous": entry.previous,
        "hash": entry.hash,
    }
