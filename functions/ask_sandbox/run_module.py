"""A function of the operator's own Python file: called in the sandbox, and no cell of any notebook."""

from functions.ask_sandbox.answer import as_result
from functions.ask_sandbox.call import Call, Result
from functions.ask_sandbox.code_files import AgentFiles
from functions.ask_sandbox.conversation import Conversation
from functions.ask_sandbox.failure import CallFailed
from functions.ask_sandbox.sandbox import Sandbox
from functions.ask_sandbox.time_left import TimeLeft
from functions.ask_sandbox.told import log
from functions.shared.agent import Action, Agent

KIND = "module"
NOT_THERE = "The file {file} of this function is not there, so that it cannot run."


def run_module(
    sandbox: Sandbox,
    conversation: Conversation,
    call: Call,
    action: Action,
    *,
    agent: Agent,
    operator: AgentFiles,
    time_left: TimeLeft,
) -> Result:
    """What the function gave, with its message to the model if it has one; raises `CallFailed` or `OutOfTime`."""
    file, sha256 = str(action.values.get("file", "")), action.values.get("sha256")
    if not sha256 or not operator.module:
        raise CallFailed("module_missing", NOT_THERE.format(file=file))
    event = {
        "v": 1,
        "kind": KIND,
        "file": file,
        "source": operator.module,
        # The action's own, which is what people countersigned: another file behind the name is refused there.
        "sha256": str(sha256),
        "function": call.function,
        "arguments": call.arguments,
        "declared": sorted(name for name, one in agent.actions.items() if one.kind == KIND),
        "network": bool(action.values.get("network")),
        "files": conversation.files(operator),
    }
    run = sandbox.run(event, tenant=conversation.tenant, time_left=time_left)
    log(call, KIND, run)
    succeeded = run.answer.status == "succeeded"
    message = run.answer.message if succeeded else None
    text = f"{run.answer.text}\n{message}" if message else run.answer.text
    return Result("succeeded" if succeeded else "failed", as_result(text))
