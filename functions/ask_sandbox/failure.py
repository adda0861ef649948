"""Why a call gave no result: a sentence and a code that the model, the approver and the author can act on."""

import json

from botocore.exceptions import BotoCoreError, ClientError

from functions.shared.errors import TemporarilyUnavailable

AWS = (BotoCoreError, ClientError, TemporarilyUnavailable)
"""What the notebooks' bucket and the tables raise."""
NOT_READ = "This conversation's notebook cannot be read just now; the code was not run. Call again in a moment."


class CallFailed(Exception):
    """Nothing of the call is kept. `will_pass`: the same call may work in a moment."""

    def __init__(self, code: str, sentence: str, *, will_pass: bool = False) -> None:
        super().__init__(sentence)
        self.code = code
        self.will_pass = will_pass

    def text(self) -> str:
        """The result as the model reads it."""
        return json.dumps({"error": str(self), "code": self.code}, ensure_ascii=False)


class OutOfTime(Exception):
    """The caller gave less time than a run may take, and it did not end in it; nothing is kept."""
