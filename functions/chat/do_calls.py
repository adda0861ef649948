"""The calls of one answer that nobody has to countersign: done here or in another room, answered in their order."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from functions.chat.emit import Switch, SwitchRefused, emitted, switch_of
from functions.chat.history import result_text
from functions.chat.rooms import OUT_OF_TIME, Result, Rooms, Whose
from functions.chat.slots import names_run, run_slot_call
from functions.chat.tool_calls import GATED_PER_ANSWER, CheckedCall
from functions.shared.agent import Action, Agent
from functions.shared.kinds import KINDS, Place
from functions.shared.observe import logger
from functions.shared.operations import READS
from functions.shared.placeholders import MissingValue, fill_only
from functions.shared.text_actions import BadText, data_url_text, message_text

NO_SANDBOX = "This deployment runs no Python: the function {name!r} needs the sandbox, which is not deployed."
SANDBOX_CODE = "sandbox_not_deployed"
TOO_MANY_GATED = f"Only {GATED_PER_ANSWER} calls can be countersigned at once; call again."
ONE_SWITCH = "Another call of this answer has already handed the conversation over."
SWITCH_ALONE = "Hand the conversation over in an answer of its own; other calls still wait."
NOTHING = Action("message_template")
SAFE_METHODS = frozenset({"GET", "HEAD"})
ELSEWHERE = (Place.CATALOGUE, Place.RUN_ACTION, Place.SANDBOX)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a conversation has found out so far."""

    slots: Mapping[str, Any] | None = None
    """None: nothing was set yet."""
    memory: Mapping[str, Any] | None = None

    def value(self) -> dict[str, Any]:
        """As it is stored; empty where there is nothing."""
        said = {"slots": self.slots, "memory": self.memory}
        return {name: dict(value) for name, value in said.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Done:
    """The result of every call by its id, and what follows from them."""

    results: dict[str, Result]
    knowledge: Knowledge
    switch: Switch | None = None
    is_complete: bool = False
    """Whether every slot is filled and the agent ends with that."""
    gated: tuple[CheckedCall, ...] = ()
    """Calls that a person has to countersign after all."""
    postponed: tuple[CheckedCall, ...] = ()
    """Calls that took longer than there was time, and may be done again with more of it."""


@dataclass(slots=True)
class _Doing:
    results: dict[str, Result] = field(default_factory=dict)
    switch: Switch | None = None
    is_complete: bool = False


def place_of(call: CheckedCall) -> Place:
    """Where the call is carried out."""
    action = call.action
    if action is None:
        return Place.NOWHERE
    if action.kind == "aws" and action.operation in READS:
        return Place.CATALOGUE
    return KINDS[action.kind].place


def by_who_does(
    calls: Sequence[CheckedCall], rooms: Rooms
) -> tuple[list[CheckedCall], list[CheckedCall], list[CheckedCall]]:
    """Those that people countersign, those that the client does, and all others.

    Nobody is asked about Python where there is no room for it.
    """
    gated = [call for call in calls if call.is_gated and _has_room(call, rooms)]
    waits = [call for call in calls if place_of(call) is Place.CLIENT]
    return gated, waits, [call for call in calls if call not in gated and call not in waits]


def _has_room(call: CheckedCall, rooms: Rooms) -> bool:
    return place_of(call) is not Place.SANDBOX or rooms.has(Place.SANDBOX)


def may_be_repeated(call: CheckedCall) -> bool:
    """Whether doing it twice does no more than doing it once."""
    action = call.action
    if action is None or action.kind != "rest":
        return True
    return str(action.values.get("method", "GET")).upper() in SAFE_METHODS


def do_calls(
    calls: Sequence[CheckedCall],
    *,
    agent: Agent,
    knowledge: Knowledge,
    rooms: Rooms,
    whose: Whose,
    seconds: float,
    may_switch: bool,
    known_agents: frozenset[str],
) -> Done:
    """Do every call; one that fails does not hide its siblings' results.

    What is done here is done in order; each other room is handed its calls at once, and runs them side by side.
    """
    elsewhere = _elsewhere(calls, agent, rooms, seconds, whose)
    gated = _said(calls, elsewhere, "gated")
    postponed = _said(calls, elsewhere, OUT_OF_TIME)
    unanswered = {call.id for call in (*gated, *postponed)}
    doing = _Doing({id: result for id, result in elsewhere.items() if id not in unanswered})
    for call in calls:
        for name in names_run(call.name, call.arguments or {}):
            logger.info(f"function called: {name}")
        if place_of(call) is Place.CHAT:
            knowledge = _do_here(
                call, agent, knowledge, doing, may_switch and not unanswered, known_agents
            )
        elif not _has_room(call, rooms):
            text = NO_SANDBOX.format(name=call.name)
            doing.results[call.id] = Result("failed", error_text(text, code=SANDBOX_CODE))
    for call in gated[GATED_PER_ANSWER:]:
        doing.results[call.id] = Result("failed", error_text(TOO_MANY_GATED))
    gated = gated[:GATED_PER_ANSWER]
    is_complete = (
        doing.is_complete
        and not postponed
        and all(result.status == "succeeded" for result in doing.results.values())
    )
    return Done(doing.results, knowledge, doing.switch, is_complete, gated, postponed)


def _elsewhere(
    calls: Sequence[CheckedCall], agent: Agent, rooms: Rooms, seconds: float, whose: Whose
) -> dict[str, Result]:
    """What the other rooms say of their calls; each is handed its own at once, and they work side by side."""
    shares = [
        (place, there)
        for place in ELSEWHERE
        if (there := [call for call in calls if place_of(call) is place and _has_room(call, rooms)])
    ]
    if not shares:
        return {}
    with ThreadPoolExecutor(len(shares)) as pool:
        said = list(
            pool.map(lambda share: rooms.run(share[0], agent, share[1], seconds, whose), shares)
        )
    return {
        call.id: _as_read(result, call, agent)
        for (_, there), results in zip(shares, said, strict=True)
        for call, result in zip(there, results, strict=True)
    }


def _as_read(result: Result, call: CheckedCall, agent: Agent) -> Result:
    """The result with what the model has to know of it, in the form that the manifest gives a notebook's."""
    kind = (call.action or NOTHING).kind
    if result.status not in ("succeeded", "failed"):
        return result
    text = result.text
    if kind == "notebook" and agent.result_form:
        text = result_text(fill_only(agent.result_form, result=text))
    return replace(result, text=text, is_outside_text=KINDS[kind].brings_outside_text)


def _said(
    calls: Sequence[CheckedCall], results: Mapping[str, Result], status: str
) -> tuple[CheckedCall, ...]:
    return tuple(call for call in calls if call.id in results and results[call.id].status == status)


def error_text(sentence: str, *, code: str = "") -> str:
    """A failure as the model reads it."""
    return json.dumps({"error": sentence, **({"code": code} if code else {})}, ensure_ascii=False)


def _do_here(
    call: CheckedCall,
    agent: Agent,
    knowledge: Knowledge,
    doing: _Doing,
    may_switch: bool,
    known_agents: frozenset[str],
) -> Knowledge:
    action, arguments = call.action or NOTHING, call.arguments or {}
    if action.kind == "slots" and agent.slots is not None:
        state = knowledge.slots if knowledge.slots is not None else agent.slots.empty()
        done = run_slot_call(agent.slots, state, call.name, arguments)
        doing.results[call.id] = Result("succeeded" if done.ok else "failed", done.text)
        doing.is_complete = doing.is_complete or done.completed
        is_known = knowledge.slots is not None or done.state != agent.slots.empty()
        return replace(knowledge, slots=done.state) if is_known else knowledge
    try:
        if action.kind == "emit":
            allowed = known_agents.intersection(action.values.get("agents", ()))
            doing.switch = _switch(call, allowed, knowledge, doing, may_switch=may_switch)
            text = f"The conversation is with {doing.switch.agent} now."
            knowledge = replace(knowledge, memory=doing.switch.memory, slots=None)
        elif action.kind == "data_url":
            text = data_url_text(action.values, arguments)
        else:
            text = message_text(action.values, arguments)
    except (MissingValue, BadText, SwitchRefused) as error:
        doing.results[call.id] = Result("failed", error_text(str(error)))
    else:
        doing.results[call.id] = Result("succeeded", result_text(text))
    return knowledge


def _switch(
    call: CheckedCall,
    allowed: frozenset[str],
    knowledge: Knowledge,
    doing: _Doing,
    *,
    may_switch: bool,
) -> Switch:
    """To whom the conversation goes; raises `SwitchRefused`, also where siblings stand against it."""
    if doing.switch is not None:
        raise SwitchRefused(ONE_SWITCH)
    if not may_switch:
        raise SwitchRefused(SWITCH_ALONE)
    method, data = emitted((call.action or NOTHING).values, call.arguments or {})
    return switch_of(method, data, allowed=allowed, memory=knowledge.memory)
