"""Every state an approver or a requester can find a request in."""

from typing import Any

from tests.browser.drawn_pages import approval, at, call, decision, price

OUTCOME = {
    "status": "succeeded",
    "text": "Started instance i-0a1b2c3d4e5f60718: t3.micro at 203.0.113.7 in ap-northeast-1.",
}
DENIED = {"status": "denied", "text": "Launches are frozen by Bob: an incident."}
REJECTED = {"status": "rejected", "text": "Carol rejected this; nothing was started."}
UNKNOWN = {
    "status": "unknown",
    "text": "It is not known whether an instance was started; an operator has to look before it is asked for again.",
}
WHY = (
    "UnauthorizedOperation: the launch role may not use this subnet. "
    "Ask your operator to allow it in countersign.yaml."
)


def ended(status: str, **more: Any) -> dict[str, Any]:
    return approval(status, can_decide=False, closed_at=at(seconds=-30), **more)


def done(status: str, outcome: dict[str, str] | None, verdict: str = "approve", **more: Any) -> Any:
    made = [call(outcome=outcome, decision=verdict)]
    return ended(status, made=made, decisions=[decision(verdict, **more)])


STATES: dict[str, dict[str, Any]] = {
    "preparing": approval("preparing", can_decide=False, price=None, lease=None, deciders=[]),
    "pending": approval(),
    "pending, shipped prices": approval(price=price(source="table")),
    "pending, first release": approval(
        sentence=None, account=None, region=None, price=None, lease=None, time_zone=None, history=None
    ),
    "pending, two calls": approval(made=[call(1), call(2, "t3.small", price=price("0.0408"))]),
    "not eligible": approval(can_decide=False),
    "own request": approval(can_decide=False, mine=True),
    "self confirming": approval(mine=True),
    "running": approval("approved", can_decide=False, decisions=[decision("approve")]),
    "done": done("approved", OUTCOME),
    "done, self-confirmed": done("approved", OUTCOME, self_confirmed=True),
    "frozen at launch": done("approved", DENIED),
    "unknown": done("approved", UNKNOWN),
    "rejected": done("rejected", REJECTED, "reject", reason="Wrong size: t3.nano is enough <b>"),
    "partly": ended(
        "approved",
        made=[call(1, outcome=OUTCOME, decision="approve"), call(2, "t3.small", outcome=REJECTED, decision="reject")],
        decisions=[decision("approve")],
    ),
    "expired": ended("expired"),
    "cancelled": ended("cancelled"),
    "denied": ended("denied", ended_by=WHY, deciders=[]),
    "failed": ended("failed", ended_by="There is no approver who could decide it."),
}  # fmt: skip
