"""A model that says what a test told it to, and remembers what it was asked."""

import itertools
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.chat.model import NO_OPTIONS, Answer, RequestedCall

INSTANCE = {
    "image_id": "ami-012261b9035f8f938",
    "instance_type": "t2.micro",
    "key_name": "kondo",
}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Asked:
    """One request as the model's border was given it."""

    messages: list[Mapping[str, Any]]
    tools: list[Mapping[str, Any]]
    tool_choice: Any
    seconds: float
    options: Mapping[str, Any] = field(default_factory=dict)


def text(words: str, *, finish_reason: str = "stop") -> Answer:
    return Answer(words, (), finish_reason, 10)


def call(
    arguments: object = INSTANCE, *, name: str = "run_instances", id: str | None = None
) -> RequestedCall:
    """A tool call; `arguments` are JSON unless they are text."""
    written = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return RequestedCall(f"call_{next(_numbers)}" if id is None else id, name, written)


def calls(*requested: RequestedCall, words: str = "", finish_reason: str = "tool_calls") -> Answer:
    return Answer(words, requested, finish_reason, 10)


@dataclass
class FakeModel:
    """`ChatModel` from a queue; an exception in it is raised, a function is called."""

    queue: deque[Answer | Exception | Callable[[], Answer]] = field(default_factory=deque)
    asked: list[Asked] = field(default_factory=list)

    def says(self, *answers: Answer | Exception | Callable[[], Answer] | str) -> None:
        self.queue.extend(text(one) if isinstance(one, str) else one for one in answers)

    def answer(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]],
        tool_choice: Any,
        seconds: float,
        options: Mapping[str, Any] = NO_OPTIONS,
    ) -> Answer:
        self.asked.append(Asked(list(messages), list(tools), tool_choice, seconds, options))
        if not self.queue:
            raise AssertionError("the model was asked more often than the test expects")
        said = self.queue.popleft()
        if isinstance(said, Exception):
            raise said
        return said() if callable(said) else said
