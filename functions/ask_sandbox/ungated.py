"""The calls of one answer that nobody has to countersign: one after the other, since each may need the one before."""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from functions.ask_sandbox.call import Call, Result
from functions.ask_sandbox.code_files import CodeFiles
from functions.ask_sandbox.conversation import Conversation
from functions.ask_sandbox.failure import CallFailed, OutOfTime
from functions.ask_sandbox.run_module import run_module
from functions.ask_sandbox.run_notebook import run_notebook
from functions.ask_sandbox.sandbox import Sandbox
from functions.ask_sandbox.time_left import TimeLeft
from functions.shared.agent import Action, Agent, Agents, UnknownAgent
from functions.shared.kinds import KINDS, Place
from functions.shared.notebook_store import NotebookStore
from functions.shared.observe import logger
from functions.shared.uploads import Uploads

CHANGED = "The agent's manifest has changed since this conversation was answered; ask again."
NOT_HERE = "The function {name!r} is not one that can be run here."
GATED = "The function {name!r} runs only after a person has countersigned it."
BROKE_OFF = "The call broke off; the operator's log says where."
LATER = Result("out_of_time", "There was not enough time for this call.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What every call needs."""

    agents: Agents
    code_files: CodeFiles
    store: NotebookStore
    uploads: Uploads
    sandbox: Sandbox
    clock: Callable[[], datetime]

    def conversation(self, owner: str, conversation_id: str) -> Conversation:
        return Conversation(owner, conversation_id, self.store, self.uploads)

    def within(self, seconds: float) -> "Asking":
        """The same for code that may run so many seconds at most."""
        most = min(self.sandbox.most_seconds, seconds)
        return replace(self, sandbox=replace(self.sandbox, most_seconds=most))


def run_calls(
    deps: Asking,
    conversation: Conversation,
    *,
    agent_id: str,
    manifest: str,
    calls: Sequence[Call],
    time_left: TimeLeft,
) -> list[Result]:
    """The results in the order of the calls; after one for which the time was too short none is begun."""
    try:
        agent = deps.agents.get(agent_id)
    except UnknownAgent as error:
        return [_refused("unknown_agent", str(error))] * len(calls)
    if agent.digest != manifest:
        return [_refused("manifest_changed", CHANGED)] * len(calls)
    results: list[Result] = []
    for call in calls:
        is_late = LATER in results
        results.append(LATER if is_late else _result(deps, conversation, agent, call, time_left))
    return results


def carry_out(
    deps: Asking,
    conversation: Conversation,
    agent: Agent,
    action: Action,
    call: Call,
    time_left: TimeLeft,
) -> Result:
    """What one call gave; raises `CallFailed` or `OutOfTime`."""
    operator = deps.code_files.of(agent.id)
    if action.kind == "module":
        return run_module(
            deps.sandbox,
            conversation,
            call,
            action,
            agent=agent,
            operator=operator,
            time_left=time_left,
        )
    return run_notebook(
        deps.sandbox,
        conversation,
        call,
        agent_id=agent.id,
        operator=operator,
        time_left=time_left,
        now=deps.clock(),
    )


def _result(
    deps: Asking, conversation: Conversation, agent: Agent, call: Call, time_left: TimeLeft
) -> Result:
    action = agent.action_of(call.function)
    if action is None or KINDS[action.kind].place is not Place.SANDBOX:
        return _refused("not_here", NOT_HERE.format(name=call.function))
    if action.is_gated:
        return _refused("needs_approval", GATED.format(name=call.function))
    try:
        return carry_out(deps, conversation, agent, action, call, time_left)
    except OutOfTime:
        logger.info("a call needs more time", call_id=call.id)
        return LATER
    except CallFailed as failed:
        logger.info("a call gave no result", call_id=call.id, code=failed.code)
        return Result("failed", failed.text())
    except Exception as error:  # noqa: BLE001 - a mistake of ours hides no sibling's result
        # Its message may hold code or what a file says, so only its class is told.
        logger.error(
            "a call broke off", call_id=call.id, error=type(error).__name__, where=_where(error)
        )
        return _refused("broke_off", BROKE_OFF)


def _where(error: Exception) -> str:
    """File and line of what was raised."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.filename}:{last.lineno}"


def _refused(code: str, sentence: str) -> Result:
    return Result("failed", CallFailed(code, sentence).text())
