"""What became of each call, in our own sentences: from the decision and the ledger alone."""

from functions.shared.approval import Approval, Outcome, Status, Verdict
from functions.shared.ledger import LedgerRow

NEVER_RAN = Outcome(
    "failed", "It was approved, but the launch was not carried out; nothing was started."
)
NOT_TAKEN = Outcome(
    "failed",
    "It was approved, but AWS did not take the launch, several times; nothing was started.",
)
UNCLEAR = Outcome(
    "unknown",
    "AWS gave no clear answer, so an instance may have started; an operator must look for its tag "
    "countersign:approval.",
)


def outcome_of(approval: Approval, call_id: str, row: LedgerRow | None) -> Outcome:
    """What became of one call, from the decision and the ledger alone."""
    decision = approval.decision
    if decision is None or decision.calls.get(call_id) is not Verdict.APPROVE:
        return outcome_without_launch(approval, call_id)
    if row is None:
        return NEVER_RAN
    outcome = row.outcome()
    if outcome is not None:
        return outcome
    if row.instance_id:
        return Outcome(
            "succeeded",
            f"Started instance {row.instance_id}; whether it runs was not seen, so look at it.",
        )
    return UNCLEAR if row.sent else NOT_TAKEN


def outcome_without_launch(approval: Approval, call_id: str) -> Outcome:
    """What is told of a call that was never to run, in our own sentence."""
    decision = approval.decision
    if decision is not None and decision.calls.get(call_id) is Verdict.REJECT:
        because = f" Reason: {decision.reason}" if decision.reason else ""
        return Outcome(
            "rejected", f"{decision.by.shown()} rejected this; nothing was started.{because}"
        )
    sentences = {
        Status.EXPIRED: ("expired", "Nobody decided in time; nothing was started."),
        Status.CANCELLED: ("cancelled", "This was cancelled; nothing was started."),
        Status.DENIED: ("denied", "This was denied before anyone was asked; nothing was started."),
        Status.FAILED: (
            "failed",
            "This could not be brought before an approver; nothing was started.",
        ),
    }
    status, sentence = sentences[approval.status]
    return Outcome(
        status, f"{sentence} {approval.ended_by}".strip() if approval.ended_by else sentence
    )
