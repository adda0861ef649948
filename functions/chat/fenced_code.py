"""What an answer asks for: its tool calls, or code in a fence, read as the call that it stands for."""

import json
from typing import Any

from functions.chat.model import Answer, RequestedCall
from functions.shared.agent import Agent

FENCE = "```"
RUN = "run_python_code"
WHOLE_ANSWERS = frozenset({"stop", "tool_calls", "function_call", ""})
"""Finish reasons after which tool calls are whole; anything else may have cut them."""
_CODE_BEGINS = ("!pip", "from ", "import ")


def requested_in(answer: Answer, agent: Agent, message: str) -> tuple[RequestedCall, ...]:
    """The calls of an answer; for an agent with a notebook, code in a fence where there are none."""
    if answer.finish_reason not in WHOLE_ANSWERS:
        return ()
    if answer.calls or not agent.notebook:
        return answer.calls
    code = fenced_call(answer.text, message, native=bool(agent.functions))
    if code is None:
        return ()
    return (RequestedCall("", code["name"], json.dumps(code["arguments"], ensure_ascii=False)),)


def fenced_call(reply: str, last_user: str, *, native: bool) -> dict[str, Any] | None:
    """The first fenced code of a reply as a call of `run_python_code`; None where there is none.

    Code runs from the line after a mark to the next mark, or to the end. For a model that calls functions natively
    a fence is a mark only where code plainly begins behind it, or on the last line: it may well show code that
    is not meant to run.
    """
    lines = reply.splitlines()
    marks = [number for number in range(len(lines)) if _is_mark(lines, number, native=native)]
    if not marks:
        return None
    begins = marks[0] + 1
    ends = marks[1] if len(marks) > 1 else len(lines)
    code = lines[begins:ends]
    return {"name": RUN, "arguments": {"code": code, "query": last_user}} if code else None


def _is_mark(lines: list[str], number: int, *, native: bool) -> bool:
    if not lines[number].startswith(FENCE):
        return False
    is_last = number == len(lines) - 1
    return not native or is_last or lines[number + 1].startswith(_CODE_BEGINS)
