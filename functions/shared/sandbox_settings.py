"""The environment of the rooms that exist only where an agent needs Python."""

from dataclasses import dataclass

from functions.shared.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCodeSettings(Settings):
    """Runs Python that nobody has read; holds nothing worth reading."""

    stage: str
    confinement: str
    """`vpc`: the network it lies in and a role without rights; `namespaces`: refused where there are none;
    `unconfined`: namespaces where there are some, and without them where not."""
    seconds: int
    """The longest a run may take."""
    memory_mb: int
    """What a run may use of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSandboxSettings(Settings):
    """Brings a conversation's cells and files to the sandbox, and keeps what comes back."""

    stage: str
    agents_file: str
    code_files: str
    """Where the pinned files and the operator's resources lie in the zip."""
    conversations_table: str
    notebooks_bucket: str
    run_code_function: str
    seconds: int
    """The longest a run may take."""
    approvals_table: str
    decision_keys: str
    """ARNs of the KMS keys whose seals are trusted, separated by commas."""
    targets: str
    """JSON of functions.shared.targets, as approvals name them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebooksSettings(Settings):
    """Files up, notebooks and pictures down."""

    stage: str
    conversations_table: str
    notebooks_bucket: str
    keep_days: int
    """How long files and notebooks stay."""
