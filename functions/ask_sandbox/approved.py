"""A countersigned call, checked once more against record, seal, ledger and the agents carried here, and run.

Nothing outside changes by it, so a try that gave nothing is simply made again.
"""

from functions.ask_sandbox.call import Call, Result
from functions.ask_sandbox.failure import CallFailed, OutOfTime
from functions.ask_sandbox.time_left import TimeLeft
from functions.ask_sandbox.ungated import Asking, carry_out
from functions.shared.countersigned_action import exact
from functions.shared.countersigned_call import Checking, countersigned_call
from functions.shared.countersigned_code import sandbox_of
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.observe import logger


def run_approved(
    asking: Asking,
    checking: Checking,
    *,
    approval_id: str,
    call_id: str,
    digest: str,
    time_left: TimeLeft,
) -> Result:
    """What became of the call, in its own conversation.

    Raises `LaunchRefused` before anything runs, `TemporarilyUnavailable` where another try may give a result.
    """
    signed = countersigned_call(checking, approval_id=approval_id, call_id=call_id, digest=digest)
    approved = signed.approved
    conversation = asking.conversation(
        str(approved.plan["requester"]), str(approved.plan["conversation"])
    )
    call = Call(approved.id, str(approved.call["function"]), exact(approved.call))
    told = sandbox_of(approved.call).get("seconds")
    if told is not None:
        asking = asking.within(float(told))
    try:
        return carry_out(asking, conversation, signed.agent, signed.action, call, time_left)
    except OutOfTime as error:
        raise TemporarilyUnavailable("The call needs more time than there was.") from error
    except CallFailed as failed:
        logger.info("an approved call gave no result", code=failed.code)
        if failed.will_pass:
            raise TemporarilyUnavailable(str(failed)) from failed
        return Result("failed", failed.text())
