"""What of a manifest only the sandbox carries: the text of its module, and its resources."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ModuleText:
    """The Python file that `module` names; `file` is its name as written."""

    file: str
    source: str
    sha256: str
    """Of the text in UTF-8, without a byte order mark: what the sandbox checks it against."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One file of the operator, by its name in a run's folder; `packed` is gzip, the same for the same bytes."""

    name: str
    packed: bytes
    sha256: str


@dataclass(slots=True)
class Code:
    """Collects them while one manifest is read."""

    module: ModuleText | None = None
    resources: tuple[Resource, ...] = field(default=())
