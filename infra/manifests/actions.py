"""What a manifest says about each action: one model for each kind, all keys known."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator

from functions.shared.kinds import KINDS
from functions.shared.operations import FOR_NO_MODEL, OPERATIONS, READS
from functions.shared.text_actions import TYPES
from infra.manifests.address import BadAddress, read_address
from infra.manifests.part import Bytes, Part, Seconds, Secret, Text, refused

KNOWN_OPERATIONS = tuple(sorted((OPERATIONS.keys() | READS) - KINDS.keys() - FOR_NO_MODEL))
Template = Annotated[str, Field(description="A text in which `{name}` stands for an argument.")]


class Action(Part):
    """What every kind may say."""

    kind: str
    in_order: bool = Field(
        False, description="Whether other calls of the same answer wait until this one is done."
    )


class Aws(Action):
    """One operation of AWS that this product knows. What changes something is always countersigned."""

    kind: Literal["aws"]
    operation: str = Field(description=f"One of {', '.join(KNOWN_OPERATIONS)}.")

    @field_validator("operation")
    @classmethod
    def is_known(cls, operation: str) -> str:
        if operation not in KNOWN_OPERATIONS:
            known = ", ".join(KNOWN_OPERATIONS)
            raise refused("unknown_operation", f"unknown operation {operation!r}; known: {known}")
        return operation


class Request(Action):
    """What reaches a host."""

    url: Text = Field(
        description="Where to; the host is literal, `{name}` and RFC 6570's forms stand for arguments."
    )
    headers: dict[str, Template] = Field(
        default_factory=dict, description="Headers; `{appkey}` stands for the secret."
    )
    secret: Secret | None = Field(
        None,
        description="The name of a secret of the operator's page; `{appkey}` stands for it in `url` and `headers`. "
        "SlashGPT's word is `appkey`.",
    )
    seconds: Seconds = Field(10, description="How long the service may take.")
    bytes: Bytes = Field(262_144, description="How large an answer may be.")

    @field_validator("url")
    @classmethod
    def has_a_literal_host(cls, url: str) -> str:
        try:
            read_address(url)
        except BadAddress as error:
            raise refused(error.code, str(error)) from error
        return url

    @field_validator("headers")
    @classmethod
    def are_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
                raise refused("bad_header", f"{name!r} is not the name of a header")
            if name.lower() in FORBIDDEN_HEADERS:
                raise refused("bad_header", f"{name} is set by the program itself")
            if any(ord(one) < 32 or ord(one) == 127 for one in value):
                raise refused("bad_header", f"{name} holds a control character")
        return headers


FORBIDDEN_HEADERS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"}
)


class Rest(Request):
    """One HTTP request."""

    kind: Literal["rest"]
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = Field(
        "GET", description="What is not GET or HEAD is countersigned unless `policy` says `never`."
    )
    query: dict[str, Any] = Field(
        default_factory=dict,
        description="More pairs of the query; `{name}` stands for an argument.",
    )
    body: Any = Field(
        None,
        description="The JSON body; a text that is one `{name}` becomes the argument's value. "
        "Without it, methods with a body send all arguments.",
    )
    redirects: Annotated[int, Field(ge=0, le=3)] = Field(
        3, description="How many redirects are followed, each to an allowed host."
    )
    idempotency_header: Annotated[str, StringConstraints(pattern=r"^([A-Za-z][A-Za-z0-9-]*)?$")] = (
        Field("", description="A header by which the service knows a request that was sent twice.")
    )


class Graphql(Request):
    """One GraphQL request; arguments are variables, never spliced into the document."""

    kind: Literal["graphql"]
    operations: tuple[Literal["query", "mutation"], ...] = Field(
        ("query",), description="What may be asked for; a `mutation` is always countersigned."
    )
    document: str = Field(
        "",
        description="The fixed document, or the name of a file that ends in `.graphql`; "
        "without it the model writes it in the argument `query`.",
    )
    introspection: bool = Field(False, description="Whether the service's schema may be asked for.")


class DataUrl(Action):
    """Fills a file's text and hands it over as a `data:` address."""

    kind: Literal["data_url"]
    template: Text = Field(description="The name of the file that is filled.")
    mime_type: str = Field(
        "", description=f"What the file is: {', '.join(f'`{name}`' for name in TYPES if name)}."
    )
    message: Template = Field(description="What the model is told; `{url}` is the address.")

    @field_validator("mime_type")
    @classmethod
    def is_no_program(cls, mime_type: str) -> str:
        if mime_type.lower() not in TYPES:
            known = ", ".join(filter(None, TYPES))
            message = f"{mime_type} is not made here; made are {known}"
            raise refused("mime_type_refused", message)
        return mime_type


class MessageTemplate(Action):
    """Answers with a text."""

    kind: Literal["message_template"]
    message: Template = Field(description="What the model is told.")


class Emit(Action):
    """Hands the conversation over to another agent."""

    kind: Literal["emit"]
    method: Literal["switch_session"] = Field(
        description="What is asked for. SlashGPT's word is `emit_method`."
    )
    data: dict[str, Any] = Field(
        description="`agent`, and if wanted `message`, `memory`, `merge`, `initiate`; `{name}` stands for an argument. "
        "SlashGPT's word is `emit_data`.",
    )


class Document(Action):
    """One SSM Automation runbook, always countersigned."""

    kind: Literal["document"]
    document: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:/-]{3,200}$")] = Field(
        description="The runbook's name or ARN."
    )
    version: Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,5}$")] = Field(
        description="Its version, a number in quotes; it is pinned."
    )
    role: Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/.+$")] = (
        Field(description="The ARN of the role that the runbook assumes.")
    )
    parameters: dict[str, Template | tuple[Template, ...]] = Field(
        default_factory=dict,
        description="The runbook's parameters; `{name}` stands for an argument.",
    )


class Client(Action):
    """Handed to the client, which answers; the same as no action."""

    kind: Literal["client"]


class Notebook(Action):
    """Python code in the conversation's own notebook."""

    kind: Literal["notebook"]


class Module(Action):
    """A function of the Python file that `module` names."""

    kind: Literal["module"]


MODELS: dict[str, type[Action]] = {
    "aws": Aws,
    "rest": Rest,
    "graphql": Graphql,
    "data_url": DataUrl,
    "message_template": MessageTemplate,
    "emit": Emit,
    "document": Document,
    "client": Client,
    "notebook": Notebook,
    "module": Module,
}
"""What a manifest may write as an action's kind."""

AnyAction = Annotated[
    Aws | Rest | Graphql | DataUrl | MessageTemplate | Emit | Document | Client | Notebook | Module,
    Field(discriminator="kind"),
]
