"""An agent with Python, and the calls of its answers, as chat hands them to ask_sandbox."""

from collections.abc import Mapping
from typing import Any

from tests.support.agents import compiled_agent
from tests.support.ask_sandbox_room import AskSandboxRoom

OWNER, OTHER = "alice-sub", "bob-sub"
HERE, THERE = "a" * 26, "b" * 26
MODULE_SHA = "5" * 64
RUN = {"kind": "notebook", "approval": "never"}
ANALYST = compiled_agent(
    "analyst",
    notebook=True,
    actions={
        "run_python_code": RUN,
        "draw_diagram": RUN,
        "measure": {
            "kind": "module",
            "file": "resources/measure.py",
            "sha256": MODULE_SHA,
            "approval": "never",
        },
        "weigh": {
            "kind": "module",
            "file": "resources/measure.py",
            "sha256": MODULE_SHA,
            "approval": "always",
        },
        "erase": {"kind": "notebook", "approval": "always"},
        "say": {"kind": "message_template", "message": "x", "approval": "never"},
    },
)


def code(call_id: str, source: Any, *, function: str = "run_python_code") -> dict[str, Any]:
    """One call that holds code."""
    return {"id": call_id, "function": function, "arguments": {"code": source, "query": "q"}}


def event(*calls: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
    """What chat hands over for the calls of one answer."""
    return {
        "v": 1,
        "owner": OWNER,
        "conversation_id": HERE,
        "turn": 1,
        "agent": "analyst",
        "manifest": ANALYST["digest"],
        "seconds": 100.0,
        "calls": list(calls),
        **changed,
    }


def results(
    room: AskSandboxRoom, *calls: Mapping[str, Any], **changed: Any
) -> list[tuple[str, str]]:
    """Status and text of every call, in their order."""
    answer = room.asked(event(*calls, **changed))
    assert answer["v"] == 1
    assert [one["id"] for one in answer["results"]] == [call["id"] for call in calls]
    return [(one["status"], one["text"]) for one in answer["results"]]


def ran(room: AskSandboxRoom, source: Any, call_id: str = "call_1", **changed: Any) -> str:
    """The text of one cell that succeeded."""
    [(status, text)] = results(room, code(call_id, source), **changed)
    assert status == "succeeded", text
    return text
