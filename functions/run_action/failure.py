"""Why an action gave no result: a sentence and a code that the model, the approver and the author can act on."""

import json
from collections.abc import Mapping


class ActionFailed(Exception):
    """`was_sent`: the request, or a part of it, may have arrived. No message holds a secret or a whole URL."""

    def __init__(
        self,
        code: str,
        sentence: str,
        *,
        was_sent: bool = False,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.was_sent = was_sent
        self.extra: Mapping[str, object] = extra or {}

    def text(self) -> str:
        """The result as the model reads it."""
        return failure_text(self.code, str(self), self.extra)


def failure_text(code: str, sentence: str, extra: Mapping[str, object] | None = None) -> str:
    """A JSON object with the sentence, its code, and what else there is to say."""
    return json.dumps({"error": sentence, "code": code, **(extra or {})}, ensure_ascii=False)
