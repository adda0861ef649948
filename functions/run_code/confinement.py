"""The last steps of a process on its way to run what nobody has read."""

import json
import os
from dataclasses import dataclass

from functions.run_code import landlock, system_calls

NO_FILTER = "this Linux gives no filter of system calls"


@dataclass(frozen=True, slots=True)
class Confinement:
    """What a runner does to itself; `said` is where it tells that it could not."""

    is_alone: bool
    """In a namespace of its own."""
    is_demanded: bool
    """The filter is what the run relies on: without it there is no run."""
    readable: tuple[str, ...]
    writable: tuple[str, ...]
    said: int

    def hold(self) -> None:
        """Keep to the run's files, and filter what is asked of the system; the kernel's local sockets may be made."""
        if not self.is_alone:
            landlock.keep_to(self.readable, self.writable)
        self._checked(system_calls.install(is_alone=self.is_alone))

    def close(self) -> None:
        """No more sockets, and nothing more to tell: code comes next."""
        self._checked(system_calls.refuse_sockets())
        os.close(self.said)

    def _checked(self, is_held: bool) -> None:  # noqa: FBT001
        if self.is_demanded and not is_held:
            word = {"failed": "confinement", "why": NO_FILTER}
            os.write(self.said, json.dumps(word).encode() + b"\n")
            os._exit(1)
