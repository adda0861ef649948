"""Why code gave no result: a sentence and a code that the model, the approver and the author can act on."""

import json


class RunFailed(Exception):
    """The run was refused or came to an end of its own; `status` is what the answer says."""

    def __init__(self, code: str, sentence: str, *, status: str = "failed") -> None:
        super().__init__(sentence)
        self.code = code
        self.status = status

    def text(self) -> str:
        """The result as the model reads it."""
        return json.dumps({"error": str(self), "code": self.code}, ensure_ascii=False)


NO_CONFINEMENT = "Python cannot be confined here, so it is not run ({why})."
NO_START = "Python did not start in time; ask again."
REPLAYING = (
    "{sentence} The new code did not begin: this happened while the notebook's earlier cells ran again, "
    "which they do before it. If it happens again, go on in a new conversation."
)
"""Around the sentence of an end that the new code has no part in."""

ENDS = {
    "time": ("time_limit", "timed_out", "The code was stopped after {seconds:g} seconds."),
    "memory": (
        "memory_limit",
        "killed",
        "The code was stopped: it used more than {memory_mb} MB of memory.",
    ),
    "processes": (
        "process_limit",
        "killed",
        "The code was stopped: it started too many processes.",
    ),
    "output": ("output_limit", "killed", "The code was stopped: it wrote more than 1 MB."),
    "ended": ("ended_early", "killed", "Python ended before the code did."),
    "protocol": ("ended_early", "killed", "Python gave an answer that cannot be read."),
}
"""By why a run came to an end before its code: code, status, sentence."""


def ended(why: str, *, seconds: float, memory_mb: int) -> RunFailed:
    """The end of a run as a failure."""
    code, status, sentence = ENDS[why]
    return RunFailed(code, sentence.format(seconds=seconds, memory_mb=memory_mb), status=status)


def no_start() -> RunFailed:
    """Nothing of the code has run."""
    return RunFailed("no_start", NO_START)
