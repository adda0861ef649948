"""The loop of one turn: model, checked calls, model again, until a text, a gated call, a limit or the deadline."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.chat.history import result_text
from functions.chat.model import Answer, ChatModel, ModelBadAnswer, ModelTimeout
from functions.chat.tool_calls import CheckedCall, check_calls
from functions.shared.agent import Agent
from functions.shared.observe import TOOL_CALLS_REFUSED, count, logger

MODEL_CALLS = 8
REPEATED_QUESTIONS = 2
REPLY_BYTES = 64 * 1024
STEPS_BYTES = 200 * 1024
WRITE_SECONDS = 1.5
"""What a model call leaves of the time, so that the turn can still be stored."""
WHOLE_ANSWERS = frozenset({"stop", "tool_calls", "function_call", ""})
"""Finish reasons after which tool calls are whole; anything else may have cut them."""

Step = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finished:
    """The turn has its reply."""

    steps: tuple[Step, ...]
    reply: str


@dataclass(frozen=True, slots=True)
class NeedsApproval:
    """The model asked for gated calls; it is not called again until they have an outcome or the person writes."""

    steps: tuple[Step, ...]
    calls: tuple[CheckedCall, ...]


@dataclass(frozen=True, slots=True)
class OutOfTime:
    """The time of this request is over; the turn can go on in the background."""

    steps: tuple[Step, ...]


Ending = Finished | NeedsApproval | OutOfTime


def converse(
    model: ChatModel,
    *,
    agent: Agent,
    model_name: str,
    history: Sequence[Mapping[str, Any]],
    turn: int,
    used_ids: frozenset[str],
    seconds_left: Callable[[], float],
    has_tokens: Callable[[], bool] = lambda: True,
) -> Ending:
    """Run the loop; raises `ModelFailure` for anything but a time-out that the background may heal."""
    steps: list[Step] = []
    for round_number in range(MODEL_CALLS):
        if not has_tokens():
            return Finished(
                tuple(steps), "Today's budget of model tokens is used, so this turn stops here."
            )
        seconds = seconds_left() - WRITE_SECONDS
        if seconds <= 0:
            return OutOfTime(())
        try:
            answer = model.answer(
                [*history, *_wire(steps)],
                tools=agent.tools(),
                tool_choice=agent.tool_choice if round_number == 0 else None,
                seconds=seconds,
            )
        except ModelTimeout:
            return OutOfTime(())
        if not answer.calls or answer.finish_reason not in WHOLE_ANSWERS:
            return Finished(tuple(steps), _reply(answer))
        checked = check_calls(answer.calls, agent=agent, turn=turn, used_ids=used_ids | _ids(steps))
        before = len(steps)
        steps += _steps_of(answer, checked)
        if len(json.dumps(steps)) > STEPS_BYTES:
            return Finished(
                tuple(steps[:before]), "The model asked for more than fits into one turn."
            )
        gated = tuple(call for call in checked if not call.complaint)
        _count_refusals(checked, model_name)
        if gated:
            return NeedsApproval(tuple(steps), gated)
        if round_number >= REPEATED_QUESTIONS:
            complaints = " ".join(dict.fromkeys(call.complaint for call in checked))
            reply = f"The model's request could not be used, so nothing was started. {complaints}"
            return Finished(tuple(steps), reply[:2000])
    return Finished(tuple(steps), "This turn reached its limit of model calls, so it stops here.")


def _wire(steps: Sequence[Step]) -> list[Mapping[str, Any]]:
    return [{key: value for key, value in step.items() if key != "status"} for step in steps]


def _ids(steps: Sequence[Step]) -> frozenset[str]:
    return frozenset(call["id"] for step in steps for call in step.get("tool_calls", ()))


def _steps_of(answer: Answer, checked: Sequence[CheckedCall]) -> list[Step]:
    asked = {
        "role": "assistant",
        "content": result_text(answer.text) or None,
        "tool_calls": [call.on_the_wire() for call in checked],
    }
    refusals = [
        {
            "role": "tool",
            "tool_call_id": call.id,
            "content": json.dumps({"error": call.complaint}, ensure_ascii=False),
            "status": "refused",
        }
        for call in checked
        if call.complaint
    ]
    return [asked, *refusals]


def _reply(answer: Answer) -> str:
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


def _count_refusals(checked: Sequence[CheckedCall], model_name: str) -> None:
    """Which model fills arguments well is an open question that this metric answers."""
    refused = [call for call in checked if call.complaint]
    for call in refused:
        logger.info("a tool call was refused", function=call.name, complaint=call.complaint[:200])
    if refused:
        count(TOOL_CALLS_REFUSED, len(refused), model=model_name)
