"""How the scripted model fills slots: it asks for one after the other, and takes each answer as it is said."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local.scripted_model.request import text_of

SET, ASK, COMPLETE = "set_item", "ask_next_item", "completed_items"

Call = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class SlotTools:
    """The slot functions on offer, and the slots in their order."""

    keys: tuple[str, ...]
    processor: str
    """The one function that takes operations; empty where there are three functions."""
    others: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The other functions, with what each needs."""

    def calls(self, *operations: Call) -> list[Call]:
        """Operations as this agent takes them."""
        if not self.processor:
            return list(operations)
        listed = [{"name": name, "args": arguments} for name, arguments in operations]
        return [(self.processor, {"operations": listed})]


def slot_tools(request: Mapping[str, Any]) -> SlotTools | None:
    """What the request offers for slots; nothing where it offers nothing or nothing may be called."""
    if request.get("tool_choice") == "none":
        return None
    functions = [tool.get("function") or {} for tool in request.get("tools") or ()]
    for function in functions:
        properties = (function.get("parameters") or {}).get("properties") or {}
        operation = (properties.get("operations") or {}).get("items", {}).get("properties", {})
        arguments = operation.get("args", {}).get("properties", {}) if operation else properties
        is_processor = SET in operation.get("name", {}).get("enum", ())
        if is_processor or function.get("name") == SET:
            own = {function["name"], SET, ASK, COMPLETE}
            return SlotTools(
                keys=tuple(arguments["key"]["enum"]),
                processor=function["name"] if is_processor else "",
                others={
                    other["name"]: (other.get("parameters") or {}).get("required") or ()
                    for other in functions
                    if other["name"] not in own
                },
            )
    return None


def fill_slots(tools: SlotTools, messages: Sequence[Mapping[str, Any]]) -> str | list[Call]:
    """What to say or to call next."""
    results = list(_newest_results(messages))
    if results:
        return _after(tools, results)
    told = [answer for message in messages for answer in _answers_in(message)]
    known = next((dict(one["items"]) for one in reversed(told) if "items" in one), {})
    asked = next((one["key"] for one in reversed(told) if one.get("name") == ASK), "")
    said = text_of(messages[-1]).split("\n")[0].strip() if messages else ""
    operations: list[Call] = []
    if asked in tools.keys and said and messages[-1].get("role") == "user":
        operations.append((SET, {"key": asked, "value": said}))
        known[asked] = said
    return tools.calls(*operations, _next(tools, known))


def _after(tools: SlotTools, results: Sequence[Mapping[str, Any]]) -> str | list[Call]:
    """What follows from the results of the newest calls."""
    items = results[-1].get("items") or {}
    if any("error" in result for result in results):
        return tools.calls(_next(tools, items))
    newest = results[-1]
    if newest.get("name") == ASK:
        choices = f" ({', '.join(map(str, newest['choices']))})" if newest.get("choices") else ""
        return f"{newest.get('question') or newest.get('key')}{choices}"
    for function, needed in tools.others.items():
        if needed and all(items.get(name) for name in needed):
            return [(function, {name: items[name] for name in needed})]
    return "\n".join(f"{name}: {value}" for name, value in items.items()) or "…"


def _next(tools: SlotTools, known: Mapping[str, Any]) -> Call:
    missing = [key for key in tools.keys if known.get(key, "") == ""]
    return (ASK, {"key": missing[0]}) if missing else (COMPLETE, {})


def _newest_results(messages: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """What each operation of the newest answer gave; nothing when somebody has spoken since."""
    first = len(messages)
    while first and messages[first - 1].get("role") == "tool":
        first -= 1
    for message in messages[first:]:
        yield from _answers_in(message)


def _answers_in(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The results in one tool message, each with the items as they were known after it."""
    if message.get("role") != "tool":
        return
    try:
        told = json.loads(text_of(message))
    except ValueError:
        return
    if isinstance(told, dict) and isinstance(told.get("items"), dict):
        for result in told.get("results", [told]):
            yield {**result, "items": told["items"]}
