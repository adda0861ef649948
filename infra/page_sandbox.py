"""What the operator's page says of Python: how much of it may run, where, and which files have been read."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from infra.page_part import Part
from infra.page_targets import SubnetId

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Network(Part):
    """Subnets of the operator's own for the sandbox; that nothing leads out of them is theirs to see to."""

    vpc_id: Annotated[str, StringConstraints(pattern=r"^vpc-[0-9a-f]{8,17}$")]
    """The network."""
    subnet_ids: Annotated[tuple[SubnetId, ...], Field(min_length=2, max_length=16)]
    """Two subnets or more of it."""

    @model_validator(mode="after")
    def names_each_once(self) -> Self:
        if len(set(self.subnet_ids)) < len(self.subnet_ids):
            raise ValueError("a subnet is named twice")
        return self


class Sandbox(Part):
    """What one run of Python may use, and how long what it leaves is kept."""

    seconds: Annotated[int, Field(ge=5, le=60)] = 30
    """How long a run may take, in seconds; launching waits for approved runs, which bounds them."""
    memory_mb: Annotated[int, Field(ge=512, le=8192)] = 1536
    """How much memory a run may use, in MB."""
    keep_days: Annotated[int, Field(ge=1, le=365)] = 30
    """For how many days notebooks and files are kept."""
    modules: dict[Annotated[str, StringConstraints(min_length=1)], Sha256] = Field(
        default_factory=dict
    )
    """The Python files that the operator has read, by their SHA-256: what is not listed here, or changed since, is not
    deployed."""
    network: Network | None = None
    """Subnets of the operator's own; by default the stack makes a network without a way out."""
    unconfined: bool = False
    """For the laptop run: whether Python runs where this machine cannot confine it."""
