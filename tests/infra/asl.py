"""The state machine's file as the tests walk it."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

SUBSTITUTION = re.compile(r"\$\{(\w+)\}")
States = Mapping[str, Mapping[str, Any]]


def names_asked(text: str) -> set[str]:
    return set(SUBSTITUTION.findall(text))


def rendered(text: str) -> str:
    """The file with an ARN for every function and a number for every time."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name.endswith("Seconds"):
            return "660"
        return f"arn:aws:lambda:eu-west-1:123456789012:function:{name}"

    return SUBSTITUTION.sub(value, text)


def machine(text: str) -> dict[str, Any]:
    return json.loads(rendered(text))


def every_state(states: States) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, state in states.items():
        yield name, state
        if "ItemProcessor" in state:
            yield from every_state(state["ItemProcessor"]["States"])
        for branch in state.get("Branches", []):
            yield from every_state(branch["States"])


def follow(state: Mapping[str, Any]) -> set[str]:
    """Where a state can lead, by success, choice or failure."""
    ways = {state.get("Next"), state.get("Default")}
    ways |= {choice["Next"] for choice in state.get("Choices", [])}
    ways |= {catch["Next"] for catch in state.get("Catch", [])}
    return {way for way in ways if way}


def reachable(states: States, start: str) -> set[str]:
    seen: set[str] = set()
    ahead = {start}
    while ahead:
        name = ahead.pop()
        seen.add(name)
        ahead |= follow(states[name]) - seen
    return seen
