"""What became of each call, in our own sentences: from the decision, the plan and the ledger alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from functions.shared import countersigned_code, practice
from functions.shared.approval import Approval, Outcome, Status, Verdict
from functions.shared.ledger import LedgerRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How the outcomes of one operation are told."""

    nothing: str
    """`nothing was started`"""
    unclear: str
    """What is to be feared where the answer was lost, and what to do."""
    not_taken: str = "AWS did not take the request"


_CODE = Words(
    nothing="nothing was run",
    unclear="It was handed to the sandbox and no clear answer came, so it may have run; it can have changed nothing "
    "outside this conversation. Ask again if you need its result.",
    not_taken="the sandbox gave no result",
)
_WORDS: Mapping[str, Words] = {
    "run_instances": Words(
        nothing="nothing was started",
        unclear="AWS gave no clear answer, so an instance may have started; an operator must look for its tag "
        "countersign:approval.",
        not_taken="AWS did not take the launch",
    ),
    "extend_lease": Words(
        nothing="nothing was extended",
        unclear="It was not seen to its end, so the lease may end later now; look at the instance's lease.",
    ),
    "stop_instances": Words(
        nothing="nothing was stopped",
        unclear="AWS gave no clear answer, so the instance may have been stopped; look at it before you ask again.",
    ),
    "terminate_instances": Words(
        nothing="nothing was terminated",
        unclear="AWS gave no clear answer, so the instance may have been terminated; look at it before you ask again.",
    ),
    "document": Words(
        nothing="nothing was started",
        unclear="AWS gave no clear answer, so the runbook may have been started; an operator must look at its "
        "executions in Systems Manager.",
    ),
    **dict.fromkeys(countersigned_code.KINDS, _CODE),
    practice.OPERATION: Words(
        nothing="this was practice and nothing was started",
        unclear="This was practice; nothing was started.",
        not_taken="the practice was not seen to its end",
    ),
}
_OTHER = Words(
    nothing="nothing was sent",
    unclear="It was sent and no clear answer came, so it may have taken effect; nobody sends it again. Look there "
    "before you ask again.",
    not_taken="the request could not be sent",
)


def outcome_of(approval: Approval, call_id: str, row: LedgerRow | None) -> Outcome:
    """What became of one call, from the decision and the ledger alone."""
    decision = approval.decision
    if decision is None or decision.calls.get(call_id) is not Verdict.APPROVE:
        return outcome_without_launch(approval, call_id)
    words = _words_of(approval, call_id)
    if row is None:
        return Outcome("failed", f"It was approved, but it was not carried out; {words.nothing}.")
    outcome = row.outcome()
    if outcome is not None:
        return outcome
    if row.instance_id:
        return Outcome(
            "succeeded",
            f"Started instance {row.instance_id}; whether it runs was not seen, so look at it.",
        )
    if row.execution_id:
        return Outcome(
            "unknown",
            f"The runbook was started as execution {row.execution_id} and had not ended when it was last seen; "
            "look at it in Systems Manager.",
        )
    if row.sent:
        return Outcome("unknown", words.unclear)
    return Outcome(
        "failed",
        f"It was approved, but {words.not_taken}, several times; {words.nothing}.",
    )


def outcome_without_launch(approval: Approval, call_id: str) -> Outcome:
    """What is told of a call that was never to run, in our own sentence."""
    nothing = _words_of(approval, call_id).nothing
    decision = approval.decision
    if decision is not None and decision.calls.get(call_id) is Verdict.REJECT:
        because = f" Reason: {decision.reason}" if decision.reason else ""
        return Outcome("rejected", f"{decision.by.shown()} rejected this; {nothing}.{because}")
    sentences = {
        Status.EXPIRED: ("expired", f"Nobody decided in time; {nothing}."),
        Status.CANCELLED: ("cancelled", f"This was cancelled; {nothing}."),
        Status.DENIED: ("denied", f"This was denied before anyone was asked; {nothing}."),
        Status.FAILED: ("failed", f"This could not be brought before an approver; {nothing}."),
    }
    status, sentence = sentences[approval.status]
    return Outcome(
        status, f"{sentence} {approval.ended_by}".strip() if approval.ended_by else sentence
    )


def _words_of(approval: Approval, call_id: str) -> Words:
    call = next((call for call in approval.calls() if call["id"] == call_id), None)
    return _WORDS.get(str(call["operation"]), _OTHER) if call else _OTHER
