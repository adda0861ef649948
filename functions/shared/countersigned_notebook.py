"""The operation `notebook`: a countersigned action whose arguments hold code."""

from collections.abc import Mapping
from typing import Any

from functions.shared import countersigned_action, countersigned_code


def check(arguments: Mapping[str, Any]) -> str:
    """The arguments as the plan carries them; raises `BadArguments`, also where they hold no code."""
    countersigned_code.check(arguments)
    return countersigned_action.check(arguments)


planned = countersigned_action.planned
confirmation = countersigned_action.confirmation
summary = countersigned_action.summary
facts = countersigned_action.facts
