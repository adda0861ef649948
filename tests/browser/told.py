"""Agents, turns and calls as the API tells them to the chat page."""

from tests.browser.visitor import DESKTOP, PHONE

ID = "c" * 26
HOSTILE = (
    "<img src=x onerror=\"document.title='taken'\"> [click](javascript:alert(1)) \u202egnp.exe"
)
LOOKS = {
    "phone, English, light": {**PHONE, "locale": "en-GB", "color_scheme": "light"},
    "phone, Japanese, dark": {**PHONE, "locale": "ja-JP", "color_scheme": "dark"},
    "desktop, English, dark": {**DESKTOP, "locale": "en-US", "color_scheme": "dark"},
    "desktop, Japanese, light": {**DESKTOP, "locale": "ja", "color_scheme": "light"},
}


def agent(agent_id, title, **more):
    return {
        "id": agent_id,
        "title": title,
        "description": "",
        "name": "",
        "intro": [],
        "samples": [],
        "starts": False,
        **more,
    }


AGENTS = [
    agent("currency", "Currency <b>", description="Turns one currency into another.", samples=["100 JPY in USD?"]),
    agent("ec2", "EC2 instances", description="Starts machines.", samples=["a small Linux box"]),
    agent("meeting", "会議の予約", intro=["こんにちは。会議を予約します。"], starts=True),
]  # fmt: skip


def turn(number=1, **more):
    return {
        "conversation_id": ID,
        "turn": number,
        "agent": "ec2",
        "status": "completed",
        "reply": "Done.",
        "tool_calls": [],
        "approval": None,
        **more,
    }


def told(number=1, message="hello", **more):
    """A turn as the transcript has it."""
    return {**turn(number, **more), "message": message, "created_at": "2026-11-21T03:00:00Z"}


def tool_call(name="fetch", **more):
    return {
        "id": f"id_{name}",
        "name": name,
        "arguments": {"url": "https://example.com"},
        "status": "succeeded",
        "result": "text",
        **more,
    }


def transcript(*turns):
    return {
        "conversation_id": ID,
        "title": "t",
        "agent": "ec2",
        "turns": list(turns),
        "before": None,
    }


def waiting(*, answered=()):
    calls = [
        tool_call(name, status="awaiting_client", result=None, arguments={"query": HOSTILE})
        for name in ("look_up", "measure")
    ]
    for one in calls:
        if one["name"] in answered:
            one.update(status="answered", result="42", outside=True)
    return turn(
        status="awaiting_client", reply="Your own program has to do this.", tool_calls=calls
    )
