"""Conversations as their owner keeps them: listed, read, exported."""

import json
from collections.abc import Iterator, Mapping
from typing import Any


def rows(conversations: list[dict[str, Any]]) -> Iterator[list[str]]:
    """The list, newest first, a line each."""
    for one in conversations:
        yield [one["conversation_id"], one["started_at"], one["agent"], one["title"]]


def as_json(conversation: Mapping[str, Any]) -> str:
    """The whole conversation as the service gives it."""
    return json.dumps(conversation, ensure_ascii=False, indent=2) + "\n"


def as_markdown(conversation: Mapping[str, Any]) -> str:
    """The whole conversation to be read; what others wrote stands in fences that it cannot close."""
    parts = [f"# {_one_line(conversation['title'])}\n"]
    for turn in conversation["turns"]:
        if turn.get("message"):
            parts.append(f"**You**\n\n{_fenced(turn['message'])}")
        parts += [
            f"`{_one_line(call['name'])}`: {call['status']}\n\n"
            f"{_fenced(json.dumps(call['arguments'], ensure_ascii=False, indent=2), 'json')}"
            + (f"\n{_fenced(str(call['result']))}" if call.get("result") else "")
            for call in turn["tool_calls"]
        ]
        if turn.get("reply"):
            parts.append(f"**{_one_line(turn['agent'])}**\n\n{_fenced(turn['reply'])}")
    return "\n".join(parts)


def _fenced(text: str, language: str = "") -> str:
    mark = "`" * max(3, _longest_run(text) + 1)
    return f"{mark}{language}\n{text}\n{mark}\n"


def _longest_run(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest


def _one_line(text: str) -> str:
    return " ".join(str(text).split()).replace("`", "'")
