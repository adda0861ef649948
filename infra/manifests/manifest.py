"""One manifest as its author writes it: every key, what it means, and what holds without it."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag, field_validator

from infra.manifests.actions import AnyAction
from infra.manifests.part import AgentId, Group, Host, Name, Part, Text, refused


class Function(Part):
    """What the model may call; it reaches the model as written."""

    name: Name = Field(description="What the model calls it.")
    description: str = Field("", description="What it does, for the model.")
    parameters: dict[str, Any] = Field(
        default_factory=lambda: {"type": "object", "properties": {}},
        description="JSON Schema of its arguments, an object.",
    )
    strict: bool | None = Field(None, description="As the Chat Completions API has it.")


class Policy(Part):
    """Whether a person has to countersign a function's calls."""

    approval: Literal["never", "always", "policy"] = Field(
        description="`policy` leaves it to the policy engine; without one it is `always`."
    )


class ModuleFile(Part):
    """The Python file of the operator whose functions the agent may call."""

    file: Text = Field(description="The file's name.")
    network: bool = Field(
        False,
        description="Whether it needs the network. Python has none here, so `true` is refused: what is outside "
        "is an action of kind `rest`.",
    )

    @field_validator("network")
    @classmethod
    def is_not_needed(cls, network: bool) -> bool:
        if network:
            message = "Python has no network here; what the file asks outside belongs into an action of kind rest"
            raise refused("module_needs_network", message)
        return network


def _form_of_module(written: Any) -> str:
    return "text" if isinstance(written, str) else "mapping"


class Slot(Part):
    """One thing that the agent has to find out."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")] = Field(
        description="What it is called."
    )
    question: str = Field("", description="How to ask for it.")
    type: Literal["string", "number", "integer", "boolean"] = Field(
        "string", description="What a value is."
    )
    enum: tuple[str | int | float | bool, ...] = Field((), description="The values there are.")
    required: bool = Field(True, description="Whether it has to be known at the end.")
    order: int | None = Field(None, description="Its place; by default as written.")


class SlotsTexts(Part):
    """What the model is told about slots; each text has a default in English."""

    initial: str | None = Field(
        None, description="Follows the prompt before anything is known; `{slots}` is the values."
    )
    current: str | None = Field(None, description="Follows the prompt from then on.")
    function: str | None = Field(None, description="Describes the function of `slots_processor`.")
    operations: str | None = Field(None, description="Describes its `operations`.")
    operation: str | None = Field(None, description="Describes the name of one operation.")
    key: str | None = Field(None, description="Describes a slot's name.")
    value: str | None = Field(None, description="Describes a slot's value.")
    set_item: str | None = Field(None, description="Describes the function `set_item`.")
    ask_next_item: str | None = Field(None, description="Describes the function `ask_next_item`.")
    completed_items: str | None = Field(
        None, description="Describes the function `completed_items`."
    )


class Limits(Part):
    """How far one turn may go."""

    model_calls: Annotated[int, Field(ge=1, le=32)] | None = Field(
        None, description="Requests to the model; by default 8."
    )
    tool_calls: Annotated[int, Field(ge=1, le=256)] | None = Field(
        None, description="Calls that run without a countersignature; by default 64."
    )
    seconds: Annotated[int, Field(ge=1, le=180)] | None = Field(
        None, description="By default what the API and the background allow."
    )
    tokens: Annotated[int, Field(ge=100)] | None = Field(
        None,
        description="Of all requests to the model together; by default the person's own budget.",
    )


class Egress(Part):
    """Which hosts may be reached beside those of the actions' own addresses."""

    hosts: tuple[Host, ...] = Field((), description="Exact names, such as `cdn.example.com`.")


class Access(Part):
    """Who may use the agent, and who may countersign its calls; groups of the user pool."""

    use: tuple[Group, ...] = Field((), description="By default every requester.")
    approve: tuple[Group, ...] = Field((), description="By default every approver.")


class Head(Part):
    """Everything but functions and actions."""

    version: Literal[1, 2] = Field(
        1, description="2: this format, unknown keys are refused. Without it: SlashGPT's format."
    )
    title: Text = Field(description="The agent's name in lists.")
    description: str = Field("", description="One line; `{agents}` of other agents shows it.")
    about: str = Field("", description="Where it comes from; for people who read the file.")
    prompt: str | tuple[str, ...] = Field(
        "",
        description="The system message; a list is joined by line breaks. `{now}` is the time in UTC, `{random}` one "
        "of `list`, `{resource}` the file's text, `{agents}` the other agents, `{memory}` what was handed over.",
    )
    resource: str | None = Field(None, description="The file that `{resource}` stands for.")
    list: tuple[str, ...] = Field((), description="What `{random}` is taken from.")
    bot: str = Field("", description="What the agent is called in the chat.")
    you: str = Field("", description="What the person is called; kept for SlashGPT.")
    language: tuple[str, ...] = Field((), description="The languages it speaks; kept for SlashGPT.")
    intro: tuple[str, ...] = Field((), description="One of these begins a conversation.")
    samples: tuple[Text, ...] = Field(
        (), description="Starters that the chat page offers. SlashGPT's are the keys `sample…`."
    )
    form: str = Field("", description="Wraps what the person says: `{question}`.")
    result_form: str = Field("", description="Wraps a notebook's result: `{result}`.")
    skip_function_result: bool = Field(
        False, description="Whether a turn ends with a function's result, without a last word."
    )
    model: str | None = Field(
        None, description="A name of the page's `model.aliases`; by default the deployment's model."
    )
    temperature: Annotated[float, Field(ge=0, le=2)] | None = Field(
        None, description="By default the service's own; 0.7 in SlashGPT's format."
    )
    parallel_tool_calls: bool | None = Field(
        None, description="Whether the model may call several functions at once."
    )
    tool_choice: Literal["auto", "none", "required"] | dict[str, Any] | None = Field(
        None, description="As the Chat Completions API has it, for a turn's first request."
    )
    function_call: Name | None = Field(
        None, description="The function that a turn's first request has to call."
    )
    policy: dict[str, Policy] = Field(
        default_factory=dict,
        description="By function: whether its calls are countersigned, `{approval: always}`. A notebook's "
        "`run_python_code`, `python` and `draw_diagram` may stand here though `functions` does not offer them.",
    )
    slots: tuple[Slot, ...] | dict[str, Any] = Field(
        (), description="What the agent has to find out, in order; a list, or a mapping by name."
    )
    slots_processor: Name | None = Field(
        None, description="The one function that takes slot operations; by default there are three."
    )
    slots_texts: SlotsTexts = Field(SlotsTexts(), description="What the model is told about slots.")
    slots_end: bool = Field(True, description="Whether completion ends the turn without a word.")
    limits: Limits = Field(Limits(), description="How far one turn may go.")
    egress: Egress = Field(Egress(), description="Hosts beside those of the actions' addresses.")
    access: Access = Field(Access(), description="Groups that use and approve.")
    agents: tuple[AgentId, ...] = Field(
        (), description="Agents that it may hand a conversation over to."
    )
    starts: bool = Field(False, description="Whether the agent speaks first.")
    notebook: bool = Field(
        False,
        description="Whether conversations have a Python notebook; functions without an action are its own.",
    )
    module: (
        Annotated[
            Annotated[str, Tag("text")] | Annotated[ModuleFile, Tag("mapping")],
            Discriminator(_form_of_module),
        ]
        | None
    ) = Field(
        None,
        description="The Python file whose functions the functions without an action are: its name, or "
        "`{file, network}`. The operator's page lists it by its SHA-256.",
    )
    resources: tuple[Text, ...] = Field(
        (),
        description="Files, and folders with all that is in them, which the agent's Python finds under the same names: "
        "at most 40, each 10 MB, together 20 MB and 2 MB packed; no links. What is hidden in a folder is left out.",
    )

    @property
    def module_file(self) -> str:
        """The name of the Python file; empty where there is none."""
        return self.module.file if isinstance(self.module, ModuleFile) else self.module or ""


class Manifest(Head):
    """One agent."""

    functions: str | tuple[Function, ...] = Field(
        (), description="What the model may call, or the name of the file that holds the list."
    )
    actions: dict[str, AnyAction] = Field(
        default_factory=dict,
        description="By function: what is done when it is called; without one the client is asked.",
    )
