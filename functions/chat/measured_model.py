"""A model whose time and tokens are written down, for each model's name."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from functions.chat.model import NO_OPTIONS, Answer, ChatModel, ModelFailure
from functions.shared.observe import MODEL_ERRORS, MODEL_TIME, MODEL_TOKENS, count, measure_seconds


class MeasuredModel:
    """Answers as the model does; a request that fails took its time too."""

    def __init__(
        self, model: ChatModel, name: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._model = model
        self._name = name
        self._clock = clock

    def answer(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]],
        tool_choice: Any,
        seconds: float,
        options: Mapping[str, Any] = NO_OPTIONS,
    ) -> Answer:
        name = str(options.get("model") or self._name)
        began = self._clock()
        try:
            answer = self._model.answer(
                messages, tools=tools, tool_choice=tool_choice, seconds=seconds, options=options
            )
        except ModelFailure:
            count(MODEL_ERRORS)
            raise
        finally:
            measure_seconds(MODEL_TIME, self._clock() - began, model=name)
        if answer.tokens:
            count(MODEL_TOKENS, answer.tokens, model=name)
        return answer
