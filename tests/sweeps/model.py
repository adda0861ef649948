"""A model that follows rules: asked for instances it calls the function, else it says a sentence."""

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.chat.model import NO_OPTIONS, Answer, ModelOverloaded, ModelTimeout, RequestedCall
from tests.support.chat_completions import check_valid
from tests.support.fake_model import INSTANCE
from tests.sweeps.gate import Gate

SLOWLY_SECONDS = 60
WANTED = re.compile(r"start (\d)")


class ModelErrors:
    def throttled(self) -> Exception:
        return ModelOverloaded()

    def timed_out(self) -> Exception:
        return ModelTimeout()

    def conflict(self) -> None:
        return None


@dataclass
class RuleModel:
    gate: Gate
    clock: Any
    asked: list[str] = field(default_factory=list)
    """Every request's messages, as text."""
    invalid: list[str] = field(default_factory=list)
    """Histories that a service would refuse."""
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def answer(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]],
        tool_choice: Any,
        seconds: float,
        options: Mapping[str, Any] = NO_OPTIONS,  # noqa: ARG002
    ) -> Answer:
        return self.gate.through(
            "model.answer",
            lambda: self._answer(messages, tools, tool_choice, seconds),
            ModelErrors(),
        )

    def _answer(self, messages: Any, tools: Any, tool_choice: Any, seconds: float) -> Answer:
        self.asked.append(json.dumps(messages))
        try:
            check_valid(messages)
        except AssertionError as error:
            self.invalid.append(f"{error}: {messages}")
        last = messages[-1]
        if "slowly" in (last["content"] or "") and seconds < SLOWLY_SECONDS:
            self.clock.turn(seconds)
            raise ModelTimeout
        wanted = WANTED.search(last["content"] or "") if last["role"] == "user" else None
        if wanted is None or not tools or tool_choice == "none":
            return Answer("So it is.", (), "stop", 10)
        calls = tuple(
            RequestedCall(
                f"call_{next(self._numbers)}",
                "run_instances",
                json.dumps({**INSTANCE, "key_name": f"key-{number}"}),
            )
            for number in range(int(wanted.group(1)))
        )
        return Answer("", calls, "tool_calls", 10)
