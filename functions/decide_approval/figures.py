"""What is counted when somebody has decided."""

from datetime import datetime

from functions.shared.approval import Approval, Decision
from functions.shared.identifiers import moment
from functions.shared.observe import (
    APPROVALS_DECIDED,
    TIME_TO_DECIDE,
    count,
    logger,
    measure_seconds,
)


def note_decision(approval: Approval, decision: Decision, now: datetime) -> None:
    """A decision was stored; the time is counted from when it was asked for."""
    verdict = decision.decision.value
    logger.info("approval was decided", decision=verdict)
    count(APPROVALS_DECIDED, decision=verdict)
    waited = (now - moment(approval.created_at)).total_seconds()
    measure_seconds(TIME_TO_DECIDE, max(waited, 0.0))
