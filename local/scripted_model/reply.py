"""What the scripted model answers: a pure function from request to response."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from local.scripted_model.catalogue import choose
from local.scripted_model.notebook import use_notebook
from local.scripted_model.request import (
    CHECK,
    EXTEND_LEASE,
    RUN_INSTANCES,
    Values,
    is_about_instances,
    is_check,
    offered_types,
    present_dialogue,
    read_extension,
    read_values,
    text_of,
)
from local.scripted_model.slots import Call, fill_slots, slot_tools

WHAT_TO_TRY = (
    "I am a small scripted model: I start EC2 instances, and I fill the slots of agents that have some. "
    'Try: "I want to run a new EC2 instance.", "I need a small Linux box.", '
    'or all at once: "Run an EC2 instance from ami-012261b9035f8f938, t2.micro, key pair kondo." '
    "For anything else, set OPENAI_API_KEY and CHAT_MODEL and start again."
)

_EXTENSION = re.compile(
    r"The lease of i-[0-9a-f]+ ends at [0-9TZ:-]+ now\.|i-[0-9a-f]+ was not extended: [^\"]{1,300}"
)


def reply(request: Mapping[str, Any]) -> dict[str, Any]:
    """The Chat Completions response to a request; the same request has the same response."""
    messages: Sequence[Mapping[str, Any]] = request.get("messages") or ()
    if is_check(request):
        return _response(request, calls=[(CHECK, {"word": "ready"})])
    if tools := slot_tools(request):
        return _either(request, fill_slots(tools, messages))
    if choice := choose(request) or use_notebook(request):
        return _either(request, choice)
    last = messages[-1] if messages else {}
    if last.get("role") == "tool":
        return _response(request, content=_last_word(text_of(last), request))
    if extension := read_extension(request):
        return _response(request, calls=[(EXTEND_LEASE, extension)])
    types = offered_types(request)
    dialogue = present_dialogue(messages)
    if types is None:
        results = [text_of(message) for message in messages if message.get("role") == "tool"]
        return _response(
            request, content=_last_word(results[-1], request) if results else WHAT_TO_TRY
        )
    values = read_values(dialogue, types)
    if not is_about_instances(dialogue) and values == Values():
        return _response(request, content=WHAT_TO_TRY)
    if question := _question(values, types):
        return _response(request, content=question)
    arguments = {
        "image_id": values.image_id,
        "instance_type": values.instance_type,
        "key_name": values.key_name,
    }
    return _response(request, calls=[(RUN_INSTANCES, arguments)])


def _question(values: Values, types: Sequence[str]) -> str:
    """Asks for what is missing, and only for that; empty when nothing is."""
    missing = []
    if not values.image_id:
        missing.append("the AMI ID")
    if not values.instance_type:
        choice = f" (one of {', '.join(types)})" if types else ""
        missing.append(f"the instance type{choice}")
    if not values.key_name:
        missing.append("the key pair name")
    if not missing:
        return ""
    wanted = " and ".join(filter(None, [", ".join(missing[:-1]), missing[-1]]))
    refused = f"{values.refused_type} is not on offer. " if values.refused_type else ""
    return f"{refused}To run a new EC2 instance I need {wanted}. What should I use?"


def _last_word(result: str, request: Mapping[str, Any]) -> str:
    """A sentence about what became of the call."""
    names = [tool.get("function", {}).get("name") for tool in request.get("tools") or ()]
    if names and RUN_INSTANCES not in names:
        return result
    if found := _EXTENSION.search(result):
        return found.group()
    if found := re.search(r"\bi-[0-9a-f]{8,17}\b", result):
        return f"Your EC2 instance {found.group()} has been started."
    plain = " ".join(result.split())[:300]
    return f"No EC2 instance was started. {plain}".strip()


def _either(request: Mapping[str, Any], said: str | Sequence[Call]) -> dict[str, Any]:
    if isinstance(said, str):
        return _response(request, content=said)
    return _response(request, calls=said)


def _response(
    request: Mapping[str, Any], *, content: str | None = None, calls: Sequence[Call] = ()
) -> dict[str, Any]:
    spoken = json.dumps(request.get("messages"), sort_keys=True)
    digest = hashlib.sha256(spoken.encode()).hexdigest()
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if calls:
        message["tool_calls"] = [
            {
                "id": f"call_{digest[:22]}{number:02d}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)},
            }
            for number, (name, arguments) in enumerate(calls)
        ]
    written = len(json.dumps(message)) // 4
    read = len(spoken) // 4
    return {
        "id": f"chatcmpl-{digest[:24]}",
        "object": "chat.completion",
        "created": 0,
        "model": request.get("model") or "scripted",
        "choices": [
            {
                "index": 0,
                "message": message,
                "finish_reason": "tool_calls" if calls else "stop",
            }
        ],
        "usage": {
            "prompt_tokens": read,
            "completion_tokens": written,
            "total_tokens": read + written,
        },
    }
