"""What the model asks for, checked: offered, an action, arguments that it takes.

A call that fails becomes a tool result that tells the model what is wrong; nothing runs.
"""

import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.chat.arguments import ARGUMENT_BYTES, UnreadableArguments, arguments_of
from functions.chat.model import RequestedCall
from functions.chat.target_argument import OTHER_TARGET, target_of
from functions.shared.agent import Action, Agent
from functions.shared.kinds import KINDS, Place
from functions.shared.observe import TOOL_CALLS_REFUSED, count, logger
from functions.shared.run_instances import BadArguments
from functions.shared.targets import Target

CALLS_PER_ANSWER = 32
GATED_PER_ANSWER = 8
COMPLAINT_CHARACTERS = 500
_SANE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_SANE_NAME = re.compile(r"[^A-Za-z0-9_-]", re.ASCII)
"""What a function's name cannot hold on the wire; services refuse a history with such a name."""


@dataclass(frozen=True, slots=True)
class CheckedCall:
    """A call with an id of its own; `complaint` says why it is refused, else `arguments` are valid."""

    id: str
    name: str
    text: str
    """The arguments as the model wrote them; as they were understood where we are lenient."""
    arguments: Mapping[str, Any] | None
    complaint: str
    action: Action | None = None
    origins: Mapping[str, str] = field(default_factory=dict)
    """Who said each argument: `requester`, `result` or `model`."""
    after: tuple[str, ...] = ()
    """The functions whose outside text the model had read before it asked."""
    target: Target | None = None
    """Where it runs, if it is a call to AWS and there are several targets."""

    @property
    def is_gated(self) -> bool:
        """Whether a person has to countersign it."""
        return self.action is not None and self.action.is_gated and not self.complaint

    def on_the_wire(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": "function",
            "function": {"name": self.name, "arguments": self.text},
        }


def check_calls(
    requested: Iterable[RequestedCall], *, agent: Agent, turn: int, used_ids: frozenset[str]
) -> list[CheckedCall]:
    """Every call of one answer in order, each with an id that is unique in the conversation's window."""
    checked: list[CheckedCall] = []
    own_ids: set[str] = set()
    taken_ids = set(used_ids)
    gated, meant = 0, None
    for index, call in enumerate(requested):
        is_repeated = bool(call.id) and call.id in own_ids
        own_ids.add(call.id)
        action = agent.action_of(call.name)
        call_id = _id_of(call, action, turn, taken_ids)
        taken_ids.add(call_id)
        arguments, complaint = _checked(call, agent, action)
        target = target_of(agent, action, arguments)
        if index >= CALLS_PER_ANSWER:
            arguments, complaint = (
                None,
                f"Only {CALLS_PER_ANSWER} calls fit into one answer; call again.",
            )
        elif is_repeated:
            arguments, complaint = (
                None,
                "This call repeats the id of another call; give each its own id.",
            )
        elif complaint == "" and action is not None and action.is_gated:
            gated += 1
            meant = meant or target
            if gated > GATED_PER_ANSWER:
                arguments = None
                complaint = (
                    f"Only {GATED_PER_ANSWER} calls can be countersigned at once; call again."
                )
            elif meant is not None and target is not None and target != meant:
                arguments = None
                complaint = OTHER_TARGET.format(first=meant.name, second=target.name)
        text = call.arguments if len(call.arguments.encode()) <= ARGUMENT_BYTES else "{}"
        if arguments is not None and action is not None and action.kind != "aws":
            text = json.dumps(arguments, ensure_ascii=False)
        name = _SANE_NAME.sub("_", call.name)[:64] or "_"
        checked.append(
            CheckedCall(
                call_id,
                name,
                text,
                arguments,
                complaint[:COMPLAINT_CHARACTERS],
                action,
                target=target,
            )
        )
    return checked


def tell_refused(calls: Iterable[CheckedCall], model: str) -> None:
    """Log and count what cannot be used: which model fills arguments well is an open question."""
    refused = [call for call in calls if call.complaint]
    for call in refused:
        logger.info("a tool call was refused", function=call.name, complaint=call.complaint[:200])
    if refused:
        count(TOOL_CALLS_REFUSED, len(refused), model=model)


def _checked(
    call: RequestedCall, agent: Agent, action: Action | None
) -> tuple[Mapping[str, Any] | None, str]:
    if action is None:
        return (
            None,
            f"There is no function {call.name[:64]!r}. Offered: {', '.join(agent.functions) or 'none'}.",
        )
    try:
        function = agent.functions.get(call.name, {})
        arguments = arguments_of(call.arguments, function, action, agent)
    except (UnreadableArguments, BadArguments) as error:
        return None, str(error)
    return arguments, ""


def _id_of(call: RequestedCall, action: Action | None, turn: int, taken: set[str]) -> str:
    """The model's own id where nobody has it; else one of ours.

    Code is known by its id for as long as its conversation's notebook is kept, and models begin to count anew: so
    its id says which turn it belongs to and which code it is.
    """
    is_free = _SANE_ID.fullmatch(call.id) is not None and call.id not in taken
    if action is None or KINDS[action.kind].place is not Place.SANDBOX:
        return call.id if is_free else _first_free(f"call_{turn}_", taken)
    digest = hashlib.sha256(f"{call.name}\n{call.arguments}".encode("utf-8", "replace"))
    prefix = f"run_{turn}_{digest.hexdigest()[:10]}_"
    return call.id if is_free and call.id.startswith(prefix) else _first_free(prefix, taken)


def _first_free(prefix: str, taken: set[str]) -> str:
    numbered = (f"{prefix}{number}" for number in itertools.count(1))
    return next(call_id for call_id in numbered if call_id not in taken)
