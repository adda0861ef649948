"""How long a function's environment is once it is deployed: Lambda keeps 4 KB, names and values together."""

import re
from collections.abc import Mapping

from infra.page import NAME, BadPage

MOST_CHARACTERS = 4096
RESERVED_CHARACTERS = 500
"""For what is added after a room is made: the networks of the page, and its name."""
_TOKEN = re.compile(r"\$\{Token\[([^\]]*)\]\}")
_ACCOUNT_CHARACTERS, _ARN_CHARACTERS = 12, 110


def deployed_length(text: str) -> int:
    """How long a value is at most once AWS has filled in what is not known before."""

    def filled(token: re.Match[str]) -> str:
        return "x" * (_ACCOUNT_CHARACTERS if "AccountId" in token[1] else _ARN_CHARACTERS)

    return len(_TOKEN.sub(filled, text))


def check_environment(room: str, environment: Mapping[str, str]) -> None:
    """Raises `BadPage` where Lambda would refuse it at the deploy."""
    length = sum(len(name) + deployed_length(value) for name, value in environment.items())
    if length > MOST_CHARACTERS - RESERVED_CHARACTERS:
        raise BadPage(
            f"{NAME}: the targets, with what they fix and their images, are too long for {room}: "
            "name fewer, or fix less"
        )
