"""What the log says of a run."""

from functions.ask_sandbox.call import Call
from functions.ask_sandbox.sandbox import Run
from functions.shared.observe import logger


def log(call: Call, kind: str, run: Run) -> None:
    """How a run went; nothing of what it ran or said."""
    logger.info(
        "code was run for a conversation",
        call_id=call.id,
        kind=kind,
        status=run.answer.status,
        code=run.answer.code,
        seconds=round(run.seconds, 1),
        replayed=run.answer.replayed,
        snapshot=run.had_snapshot,
    )
