"""The rules of a Chat Completions request that services check."""

from collections.abc import Mapping, Sequence
from typing import Any


def check_valid(messages: Sequence[Mapping[str, Any]]) -> None:
    """Each tool call is answered exactly once, directly after the message that made it; ids never repeat."""
    ids: list[str] = []
    position = 0
    while position < len(messages):
        message = messages[position]
        assert message["role"] in ("system", "user", "assistant"), message
        allowed = {"role", "content"} | (
            {"tool_calls"} if message["role"] == "assistant" else set()
        )
        assert set(message) <= allowed, message
        calls = message.get("tool_calls", [])
        assert calls or isinstance(message["content"], str), message
        position += 1
        wanted = [call["id"] for call in calls]
        ids += wanted
        answers = messages[position : position + len(wanted)]
        assert all(answer["role"] == "tool" for answer in answers), answers
        assert all(set(answer) == {"role", "content", "tool_call_id"} for answer in answers), (
            answers
        )
        assert sorted(answer["tool_call_id"] for answer in answers) == sorted(wanted)
        assert all(isinstance(answer["content"], str) for answer in answers)
        position += len(wanted)
    assert len(set(ids)) == len(ids), ids
