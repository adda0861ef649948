"""How an EC2 call and its answer look inside the emulator."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from local.emulator.patching import resolve

ACTIONS = "ministack.services.ec2:_ACTION_MAP"

Parameters = Mapping[str, Any]
"""As the emulator holds them: each value a string or a list of strings."""
Answer = tuple[int, dict[str, str], bytes]
Handler = Callable[[Parameters], Answer]


def flat(parameters: Parameters) -> dict[str, str]:
    """What was on the wire, without the action's name and the API's version."""
    return {
        name: str(value[0] if isinstance(value, list) else value)
        for name, value in parameters.items()
        if name not in ("Action", "Version") and value not in ([], None)
    }


def refusal(code: str, message: str, status: int = 400) -> Answer:
    """An error as EC2 words it."""
    from ministack.services import ec2

    answer: Answer = ec2._error(code, message, status)
    return answer


def error_code(answer: Answer) -> str | None:
    """The code of a refused call."""
    found = re.search(rb"<Code>([^<]+)</Code>", answer[2])
    return found.group(1).decode() if found and answer[0] >= 400 else None


def is_dry_run(parameters: Parameters) -> bool:
    """Whether the caller only asks if it might."""
    return flat(parameters).get("DryRun", "").lower() == "true"


def around_action(name: str, around: Callable[[Handler], Handler]) -> None:
    """Put `around(handler)` in place of one action's handler."""
    actions = resolve(ACTIONS)
    actions[name] = around(actions[name])


def around_every_action(around: Callable[[str, Handler], Handler]) -> None:
    """Put `around(action, handler)` in place of every action's handler."""
    actions = resolve(ACTIONS)
    for name, handler in list(actions.items()):
        actions[name] = around(name, handler)
