"""How the scripted model chooses: it looks at what there is, proposes one of each, and takes a yes."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from local.scripted_model.request import RUN_INSTANCES, text_of

LISTS = ("list_images", "list_instance_types", "list_key_pairs")

Call = tuple[str, Mapping[str, Any]]

_WANTED = re.compile(r"\b(linux|ubuntu|windows|box|small|smallest|cheap|cheapest)\b", re.IGNORECASE)
_IMAGE = re.compile(r"\bami-[0-9a-z]+\b", re.IGNORECASE)
_YES = re.compile(r"\W*(yes|y|ok|okay|sure|please|do it|go ahead|take it)\b", re.IGNORECASE)
_PROPOSAL = re.compile(
    r"I would take .+ \((?P<image_id>ami-[0-9a-z]+)\), (?P<instance_type>[a-z0-9.-]+)"
    r"[^,]*, key pair (?P<key_name>\S+)\. "
)


def choose(request: Mapping[str, Any]) -> str | list[Call] | None:
    """What to say or to call where there is a catalogue; nothing where the dialogue is another one."""
    names = {tool.get("function", {}).get("name") for tool in request.get("tools") or ()}
    if request.get("tool_choice") == "none" or not names.issuperset({*LISTS, RUN_INSTANCES}):
        return None
    messages: Sequence[Mapping[str, Any]] = request.get("messages") or ()
    last = messages[-1] if messages else {}
    if last.get("role") == "tool":
        found = dict(_lists_in(messages))
        return _proposal(messages, found) if "images" in found else None
    said = text_of(last)
    proposed = _PROPOSAL.match(text_of(messages[-2])) if len(messages) > 1 else None
    if proposed is not None and _YES.match(said):
        return [(RUN_INSTANCES, proposed.groupdict())]
    if _WANTED.search(said) and not _IMAGE.search(said):
        return [(name, {}) for name in LISTS]
    return None


def _proposal(messages: Sequence[Mapping[str, Any]], found: Mapping[str, Any]) -> str:
    images = [one for one in found["images"] if one.get("image_id")]
    types = found.get("instance_types") or []
    key_pairs = found.get("key_pairs") or []
    if not (images and types and key_pairs):
        notes = [one for one in found.get("notes", ()) if one]
        return " ".join(["There is nothing to choose from here.", *notes])
    asked = next(text_of(one) for one in reversed(messages) if one.get("role") == "user").lower()
    image = next((one for one in images if _is_meant(one, asked)), images[0])
    cheapest = min(types, key=lambda one: float(one.get("usd_per_hour") or "inf"))
    price = f" at {cheapest['usd_per_hour']} USD an hour" if "usd_per_hour" in cheapest else ""
    others = ", ".join(one["name"] for one in images if one is not image)
    return (
        f"I would take {image['name']} ({image['image_id']}), {cheapest['type']}{price}, "
        f"key pair {key_pairs[0]['name']}. Say yes, or name what you would rather have"
        f"{f' ({others})' if others else ''}."
    )


def _is_meant(image: Mapping[str, Any], asked: str) -> bool:
    words = re.findall(r"[a-z]{5,}", f"{image['name']} {image.get('description', '')}".lower())
    return any(word in asked for word in words)


def _lists_in(messages: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The lists among the newest results, by name, and what was noted beside them."""
    notes = []
    for message in reversed(messages):
        if message.get("role") != "tool":
            break
        try:
            told = json.loads(text_of(message))
        except ValueError:
            continue
        if isinstance(told, dict):
            yield from ((name, value) for name, value in told.items() if isinstance(value, list))
            notes.append(told.get("note") or told.get("error"))
    yield "notes", notes
