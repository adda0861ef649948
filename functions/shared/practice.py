"""The practice: a real approval for one approver alone, which runs nothing; made by an operator, never by a model.

Its plan names the one person in its member `practice`, which no other plan has.
"""

from collections.abc import Mapping
from typing import Any

from functions.shared.approval import Person
from functions.shared.run_instances import BadArguments

OPERATION = "practice"
ASKER = Person("countersign", "", "Countersign")
"""Who asks for it: nobody of the user pool, so that nobody's own request is practised on."""
SENTENCE = "Practice: nothing is started, whatever you decide."
DONE = "Practice: nothing was started."
WORDS = (
    "This is practice. A request of a person looks like this: see where it happens, what it does and what it costs, "
    "then approve or reject it."
)


def check(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """There are no arguments; raises `BadArguments`."""
    if arguments:
        raise BadArguments("A practice takes no arguments.")
    return {}


def planned(arguments: Mapping[str, Any], fixed: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    """Nothing is sent anywhere."""
    return dict(check(arguments))


def confirmation(call: Mapping[str, Any]) -> str:  # noqa: ARG001
    """The program's own words."""
    return f"\n{SENTENCE}\n"


def summary(call: Mapping[str, Any]) -> str:  # noqa: ARG001
    """One line for an inbox."""
    return "Practice"


def facts(call: Mapping[str, Any]) -> list[dict[str, str]]:  # noqa: ARG001
    """Rows of the approver's table; `source` says who said it."""
    return [
        {
            "key": "practice",
            "label": "What is started",
            "value": "nothing: this is practice",
            "source": "countersign",
            "level": "plain",
        }
    ]
