"""Agents as the Lambdas read them: compiled and checked when the product is built, plain JSON here."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from functions.shared.errors import NotFound
from functions.shared.kinds import KINDS, Place
from functions.shared.targets import Targets

DEFAULT = "ec2"
ROOT = Path(__file__).parents[2]


class UnknownAgent(NotFound):
    code = "unknown_agent"

    def __init__(self, agent_id: str) -> None:
        super().__init__(f"There is no agent {agent_id!r} here.")


@dataclass(frozen=True, slots=True)
class Action:
    """What is done when a function is called; `values` are the kind's own members, as compiled."""

    kind: str
    operation: str = ""
    """Which one, for the kind `aws`."""
    approval: str = "always"
    """`never` where nobody has to countersign the call."""
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_gated(self) -> bool:
        return self.approval != "never"

    @property
    def in_order(self) -> bool:
        """Whether its siblings in one answer have to wait for it."""
        return bool(self.values.get("in_order"))

    def compiled(self) -> dict[str, Any]:
        """The JSON value that `of` reads back."""
        operation = {"operation": self.operation} if self.operation else {}
        return {"kind": self.kind, "approval": self.approval, **operation, **self.values}

    @classmethod
    def of(cls, compiled: Mapping[str, Any]) -> Self:
        values = {
            name: value
            for name, value in compiled.items()
            if name not in ("kind", "operation", "approval")
        }
        return cls(
            kind=compiled["kind"],
            operation=compiled.get("operation", ""),
            approval=compiled.get("approval", KINDS[compiled["kind"]].approval),
            values=values,
        )


NOTEBOOK_FUNCTIONS = frozenset({"run_python_code", "python", "draw_diagram"})
"""What models call in a notebook, offered or not."""
_NOTEBOOK = Action("notebook", approval=KINDS["notebook"].approval)


@dataclass(frozen=True, slots=True)
class Limits:
    """How far one turn may go."""

    model_calls: int = 8
    tool_calls: int = 64
    """Ungated calls that are run."""
    seconds: int = 0
    """0: what the API and the background allow."""
    tokens: int = 0
    """Prompt and completion of all model calls of one turn; 0: the person's own budget is the limit."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One thing that an agent has to find out."""

    name: str
    question: str = ""
    type: str = "string"
    enum: tuple[Any, ...] = ()
    required: bool = True


@dataclass(frozen=True, slots=True)
class Slots:
    """What an agent fills over several turns, in order, and how the model is told."""

    items: tuple[Slot, ...]
    initial: str
    """Follows the prompt before anything is known; `{slots}` is the current values."""
    current: str
    """Follows the prompt from then on."""
    processor: str = ""
    """The one function that takes `operations`; empty: three functions for models that call in parallel."""
    ends: bool = True
    """Whether completion ends the turn without another word of the model."""

    def empty(self) -> dict[str, Any]:
        """No value is known."""
        return {slot.name: "" for slot in self.items}


@dataclass(frozen=True, slots=True)
class Agent:
    """What one manifest describes; `functions` are JSON values exactly as the model is offered them."""

    id: str
    title: str
    description: str
    prompt: str
    """As written, with `{now}`, `{random}`, `{agents}` and `{memory}` still to be filled."""
    functions: Mapping[str, Mapping[str, Any]]
    actions: Mapping[str, Action]
    tool_choice: Any
    samples: tuple[str, ...]
    digest: str
    version: int = 2
    """1: a manifest in SlashGPT's format."""
    name: str = ""
    """How it is called in the chat."""
    intro: tuple[str, ...] = ()
    random: tuple[str, ...] = ()
    form: str = ""
    result_form: str = ""
    skip_function_result: bool = False
    model: str = ""
    """Empty: the deployment's model."""
    temperature: float | None = None
    parallel_tool_calls: bool | None = None
    starts: bool = False
    """Whether a conversation begins with the agent's words, without a message."""
    notebook: bool = False
    resources: tuple[str, ...] = ()
    """The operator's files that its Python finds, by their names there."""
    limits: Limits = Limits()
    slots: Slots | None = None
    agents: tuple[str, ...] = ()
    """Those it may hand a conversation over to."""
    use: tuple[str, ...] = ()
    """Groups whose members may talk to it; empty: every requester."""
    approve: tuple[str, ...] = ()
    """Groups whose members may countersign its calls, beside being approvers; empty: every approver."""
    targets: Targets | None = None
    """Where its calls to AWS may run, if that has to be said; None: in the only target there is."""

    @classmethod
    def of(cls, agent_id: str, compiled: Mapping[str, Any]) -> Self:
        access = compiled.get("access", {})
        slots = compiled.get("slots")
        return cls(
            id=agent_id,
            title=compiled["title"],
            description=compiled.get("description", ""),
            prompt=compiled["prompt"],
            functions={function["name"]: function for function in compiled.get("functions", [])},
            actions={
                name: Action.of(action) for name, action in compiled.get("actions", {}).items()
            },
            tool_choice=compiled.get("tool_choice"),
            samples=tuple(compiled.get("samples", ())),
            digest=compiled["digest"],
            version=compiled.get("version", 2),
            name=compiled.get("name", ""),
            intro=tuple(compiled.get("intro", ())),
            random=tuple(compiled.get("random", ())),
            form=compiled.get("form", ""),
            result_form=compiled.get("result_form", ""),
            skip_function_result=compiled.get("skip_function_result", False),
            model=compiled.get("model", ""),
            temperature=compiled.get("temperature"),
            parallel_tool_calls=compiled.get("parallel_tool_calls"),
            starts=compiled.get("starts", False),
            notebook=compiled.get("notebook", False),
            resources=tuple(compiled.get("resources", ())),
            limits=Limits(**compiled.get("limits", {})),
            slots=_slots(slots) if slots else None,
            agents=tuple(compiled.get("agents", ())),
            use=tuple(access.get("use", ())),
            approve=tuple(access.get("approve", ())),
        )

    def tools(self) -> list[dict[str, Any]]:
        """The `tools` of a Chat Completions request, schemas as written."""
        return [
            {"type": "function", "function": dict(function)} for function in self.functions.values()
        ]

    def model_options(self) -> dict[str, Any]:
        """What else a request of this agent says to the model; nothing where the manifest is silent."""
        said = {
            "model": self.model or None,
            "temperature": self.temperature,
            "parallel_tool_calls": self.parallel_tool_calls if self.functions else None,
        }
        return {name: value for name, value in said.items() if value is not None}

    def action_of(self, function: str) -> Action | None:
        """What is done when this function is called; None where the agent has no such function."""
        if function in self.functions:
            return self.actions.get(function)
        if self.notebook and function in NOTEBOOK_FUNCTIONS:
            return self.actions.get(function, _NOTEBOOK)
        return None

    @property
    def uses_python(self) -> bool:
        """Whether some of its functions run in the sandbox."""
        kinds = {action.kind for action in self.actions.values()}
        return self.notebook or any(KINDS[kind].place is Place.SANDBOX for kind in kinds)

    def may_be_used_by(self, groups: frozenset[str]) -> bool:
        """Whether somebody of these groups may talk to it."""
        return not self.use or not groups.isdisjoint(self.use)


def _slots(compiled: Mapping[str, Any]) -> Slots:
    return Slots(
        items=tuple(
            Slot(**{**slot, "enum": tuple(slot.get("enum", ()))}) for slot in compiled["items"]
        ),
        initial=compiled["initial"],
        current=compiled["current"],
        processor=compiled.get("processor", ""),
        ends=compiled.get("ends", True),
    )


class Agents:
    """Every deployed agent, parsed once."""

    def __init__(self, file: str, offered: Callable[[Agent], Agent] = lambda agent: agent) -> None:
        compiled = json.loads((ROOT / file).read_text(encoding="utf-8"))
        self._agents = {
            agent_id: offered(Agent.of(agent_id, value)) for agent_id, value in compiled.items()
        }

    def get(self, agent_id: str) -> Agent:
        """One agent; raises `UnknownAgent`."""
        agent = self._agents.get(agent_id)
        if agent is None:
            raise UnknownAgent(agent_id[:64])
        return agent

    def all(self) -> list[Agent]:
        return list(self._agents.values())
