"""Whether the deployed models answer and call tools: one request each, by the very path that turns take."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from functions.chat.compose import model_of
from functions.chat.model import NO_OPTIONS, Answer, ChatModel, ModelFailure
from functions.chat.model_key import key_of
from functions.shared.agent import Agents
from functions.shared.settings import ChatSettings

CHECK_SECONDS = 45.0
"""The longest that one model is waited for."""
FUNCTION = "countersign_check"
WORD = "ready"
MESSAGES: Sequence[dict[str, str]] = (
    {"role": "system", "content": "You call functions when you are asked to."},
    {"role": "user", "content": f"Call the function {FUNCTION} with the word {WORD!r}."},
)
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": FUNCTION,
        "description": "Shows that functions can be called.",
        "parameters": {
            "type": "object",
            "properties": {"word": {"type": "string"}},
            "required": ["word"],
            "additionalProperties": False,
        },
    },
}


@dataclass(frozen=True, slots=True)
class Checked:
    """What one model did; `code` and `detail` say why it gave no answer, in our words."""

    model: str
    answers: bool
    calls_tools: bool
    milliseconds: int
    code: str = ""
    detail: str = ""


def check_models(settings: ChatSettings, seconds_left: Callable[[], float]) -> dict[str, Any]:
    """Ask the deployment's model, and each that an agent names, once; the key is read anew."""
    read_key = key_of(settings)
    model = model_of(settings, lambda _: read_key(True))
    named = [agent.model for agent in Agents(settings.agents_file).all() if agent.model]
    checked = [
        check(model, name, min(CHECK_SECONDS, seconds_left()))
        for name in dict.fromkeys([settings.chat_model, *named])
    ]
    return {"v": 1, "models": [_value(one) for one in checked]}


def check(model: ChatModel, name: str, seconds: float) -> Checked:
    """One request that asks for a function call."""
    began = time.monotonic()
    options = {**NO_OPTIONS, "model": name}
    try:
        answer = model.answer(
            MESSAGES, tools=[TOOL], tool_choice=None, seconds=seconds, options=options
        )
    except ModelFailure as failure:
        return Checked(name, False, False, _since(began), failure.code, failure.sentence)
    return Checked(name, True, _has_called(answer), _since(began))


def _has_called(answer: Answer) -> bool:
    for call in answer.calls:
        try:
            arguments = json.loads(call.arguments)
        except (ValueError, RecursionError):
            continue
        if call.name == FUNCTION and isinstance(arguments, dict) and "word" in arguments:
            return True
    return False


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _value(checked: Checked) -> dict[str, Any]:
    return {
        "model": checked.model,
        "answers": checked.answers,
        "calls_tools": checked.calls_tools,
        "milliseconds": checked.milliseconds,
        "code": checked.code,
        "detail": checked.detail,
    }
