"""The steps of a turn: the model's calls and their results as Chat Completions messages with our `status` beside."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from functions.chat.do_calls import error_text
from functions.chat.emit import Switch
from functions.chat.history import result_text
from functions.chat.model import Answer, ModelBadAnswer, RequestedCall
from functions.chat.rooms import Result
from functions.chat.tool_calls import CheckedCall

REPLY_BYTES = 64 * 1024
STEPS_BYTES = 200 * 1024
LEFT_OUT = "The results of this turn are too large together: this one was left out."

Step = Mapping[str, Any]
_OURS = ("status", "outside")


def asked_step(answer: Answer, checked: Sequence[CheckedCall]) -> Step:
    """The model's message with its calls."""
    return {
        "role": "assistant",
        "content": result_text(answer.text) or None,
        "tool_calls": [call.on_the_wire() for call in checked],
    }


def refusals_of(checked: Sequence[CheckedCall]) -> dict[str, Result]:
    """The results of calls that cannot be used."""
    return {
        call.id: Result("refused", error_text(call.complaint)) for call in checked if call.complaint
    }


def result_steps(
    checked: Sequence[CheckedCall],
    results: Mapping[str, Result],
    *,
    within: int = STEPS_BYTES,
) -> list[Step]:
    """A tool message per result, in the order of the calls; what does not fit in so many bytes is left out and told."""
    steps: list[Step] = []
    for call in checked:
        if call.id not in results:
            continue
        step = _result_step(call, results[call.id])
        if size_of([*steps, step]) > within:
            step = _result_step(call, Result(results[call.id].status, error_text(LEFT_OUT)))
        steps.append(step)
    return steps


def switch_step(switch: Switch) -> Step:
    """The conversation's hand-over to another agent."""
    return {
        "role": "switch",
        "agent": switch.agent,
        "message": switch.message,
        "initiate": switch.initiate,
    }


def unanswered_in(steps: Sequence[Step]) -> list[RequestedCall]:
    """The calls of the model's last message that have no result yet."""
    asked = next((step for step in reversed(steps) if step["role"] == "assistant"), None)
    answered = {step["tool_call_id"] for step in steps if step["role"] == "tool"}
    return [
        RequestedCall(call["id"], call["function"]["name"], call["function"]["arguments"])
        for call in (asked or {}).get("tool_calls", ())
        if call["id"] not in answered
    ]


def on_the_wire(steps: Sequence[Step]) -> list[Step]:
    """The steps as the model is sent them."""
    return [{key: value for key, value in step.items() if key not in _OURS} for step in steps]


def ids_of(steps: Sequence[Step]) -> frozenset[str]:
    """The ids of every call."""
    return frozenset(call["id"] for step in steps for call in step.get("tool_calls", ()))


def size_of(steps: Sequence[Step]) -> int:
    """Bytes of the steps as JSON."""
    return len(json.dumps(steps))


def reply_of(answer: Answer) -> str:
    """The model's text as people read it; raises `ModelBadAnswer` where there is none."""
    text = answer.text.strip()
    if answer.finish_reason == "length":
        text = f"{text}\n[The model's answer was cut off.]".strip()
    if answer.finish_reason == "content_filter" and not text:
        text = "The model's service withheld the answer."
    if not text:
        raise ModelBadAnswer
    raw = text.encode()
    if len(raw) > REPLY_BYTES:
        text = raw[: REPLY_BYTES - 64].decode("utf-8", "ignore") + "\n[cut: the answer was longer]"
    return text


def _result_step(call: CheckedCall, result: Result) -> Step:
    step = {
        "role": "tool",
        "tool_call_id": call.id,
        "content": result.text,
        "status": result.status,
    }
    return {**step, "outside": True} if result.is_outside_text else step
