"""What the scripted model reads in a Chat Completions request: the tool on offer, and the values
said so far."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RUN_INSTANCES = "run_instances"
EXTEND_LEASE = "extend_lease"
CHECK = "countersign_check"

_IMAGE = re.compile(r"\bami-[0-9a-z]+\b", re.IGNORECASE)
_TYPE = re.compile(
    r"\b[a-z]+\d+[a-z-]*\.(?:\d*x?large|nano|micro|small|medium|metal)\b", re.IGNORECASE
)
_KEY = re.compile(
    r"\bkey(?:[ -]?pair)?(?:[ _-]?name)?\s*(?:is\s+called|called|named|is|should be|will be|=|:)?"
    r"\s*[\"'`]?(?P<name>[A-Za-z0-9][\w.@-]*)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z0-9][\w.@-]*")
_NOT_A_KEY_NAME = re.compile(
    r"a|again|ami|an|and|any|are|as|at|be|called|can|cancel|could|do|for|from|go|have|hello|help|hi"
    r"|i|id|image|in|instance|is|it|just|key|keypair|like|make|me|my|n|name|named|need|new|no|not|ok"
    r"|okay|on|one|pair|please|run|should|small|start|thanks|that|the|there|this|to|type|use|using"
    r"|want|what|which|will|with|would|y|yes|you|your",
    re.IGNORECASE,
)
_INSTANCE = re.compile(r"\bi-[0-9a-f]{8,17}\b", re.IGNORECASE)
_HOURS = re.compile(r"\b(\d{1,2})\s*(?:h|hours?)\b", re.IGNORECASE)
_EXTEND = re.compile(r"\b(extend|extension|longer|prolong)\b", re.IGNORECASE)
_ABOUT_INSTANCES = re.compile(
    r"\b(ec2|instance|instances|server|machine|vm|launch|boot|spin)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Values:
    """What the person has said about the instance; empty where nothing was said."""

    image_id: str = ""
    instance_type: str = ""
    key_name: str = ""
    refused_type: str = ""
    """A type that was named last and is not on offer."""


def offered_types(request: Mapping[str, Any]) -> Sequence[str] | None:
    """The instance types of the offered `run_instances`; nothing when it may not be called."""
    if request.get("tool_choice") == "none":
        return None
    for tool in request.get("tools") or ():
        function = tool.get("function") or {}
        if function.get("name") == RUN_INSTANCES:
            properties = (function.get("parameters") or {}).get("properties") or {}
            types: Sequence[str] = (properties.get("instance_type") or {}).get("enum") or ()
            return types
    return None


def read_extension(request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """`extend i-… by 8 hours`, said in one message while `extend_lease` may be called, as arguments."""
    names = [tool.get("function", {}).get("name") for tool in request.get("tools") or ()]
    if request.get("tool_choice") == "none" or EXTEND_LEASE not in names:
        return None
    said = text_of((request.get("messages") or [{}])[-1])
    instance, hours = _INSTANCE.search(said), _HOURS.search(said)
    if not (_EXTEND.search(said) and instance and hours):
        return None
    return {"instance_id": instance.group().lower(), "hours": int(hours[1])}


def is_check(request: Mapping[str, Any]) -> bool:
    """Whether somebody only looks if functions are called."""
    names = [tool.get("function", {}).get("name") for tool in request.get("tools") or ()]
    return names == [CHECK] and request.get("tool_choice") != "none"


def text_of(message: Mapping[str, Any]) -> str:
    """A message's text, also where it comes in parts."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    return " ".join(part.get("text", "") for part in content or () if isinstance(part, dict))


def present_dialogue(messages: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The messages since the last call: each launch is talked about afresh."""
    calls = [index for index, message in enumerate(messages) if message.get("tool_calls")]
    return messages[calls[-1] + 1 :] if calls else messages


def is_about_instances(dialogue: Sequence[Mapping[str, Any]]) -> bool:
    """Whether anybody has mentioned an instance."""
    return any(
        _ABOUT_INSTANCES.search(text_of(message))
        for message in dialogue
        if message.get("role") == "user"
    )


def read_values(dialogue: Sequence[Mapping[str, Any]], types: Sequence[str]) -> Values:
    """Everything said over the turns; the newest word on each value counts."""
    image = kind = key = refused = ""
    asked = ""
    for message in dialogue:
        text = text_of(message)
        if message.get("role") == "assistant":
            asked = text.lower()
        if message.get("role") != "user":
            continue
        if images := _IMAGE.findall(text):
            image = images[-1].lower()
        if named := _TYPE.findall(text):
            last = named[-1].lower()
            kind, refused = (last, "") if last in types else ("", last)
        key = _key_in(text, was_asked="key pair" in asked) or key
    return Values(image, kind, key, refused)


def _key_in(text: str, *, was_asked: bool) -> str:
    for found in _KEY.finditer(text):
        name = found["name"].rstrip(".")
        if _may_be_a_key_name(name):
            return name
    if not was_asked:
        return ""
    words = (word.rstrip(".") for word in _WORD.findall(text))
    left = [word for word in words if _may_be_a_key_name(word)]
    return left[0] if len(left) == 1 else ""


def _may_be_a_key_name(word: str) -> bool:
    return not any(kind.fullmatch(word) for kind in (_NOT_A_KEY_NAME, _IMAGE, _TYPE))
