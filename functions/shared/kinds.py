"""The kinds of action: where each runs, and whether a person has to countersign it unless its manifest says."""

from dataclasses import dataclass
from enum import StrEnum


class Place(StrEnum):
    """Where a call of a kind is carried out when nobody has to countersign it."""

    CHAT = "chat"
    RUN_ACTION = "run_action"
    CATALOGUE = "catalogue"
    CLIENT = "client"
    SANDBOX = "sandbox"
    NOWHERE = "nowhere"
    """Only ever after a countersignature."""


@dataclass(frozen=True, slots=True)
class Kind:
    place: Place
    approval: str
    """What holds where a manifest says nothing: `never` or `always`."""
    choices: tuple[str, ...] = ("never", "always", "policy")
    """What a manifest may say."""
    in_order: bool = False
    """Whether calls of it in one answer run one after the other."""
    brings_outside_text: bool = False
    """Whether its results were written by somebody outside."""


KINDS: dict[str, Kind] = {
    "aws": Kind(Place.NOWHERE, "always"),
    "rest": Kind(Place.RUN_ACTION, "never", brings_outside_text=True),
    "graphql": Kind(Place.RUN_ACTION, "never", brings_outside_text=True),
    "data_url": Kind(Place.CHAT, "never", in_order=True),
    "message_template": Kind(Place.CHAT, "never", in_order=True),
    "emit": Kind(Place.CHAT, "never", choices=("never",), in_order=True),
    "slots": Kind(Place.CHAT, "never", choices=("never",), in_order=True),
    "client": Kind(Place.CLIENT, "never", choices=("never",), brings_outside_text=True),
    "document": Kind(Place.NOWHERE, "always", choices=("always",)),
    "notebook": Kind(Place.SANDBOX, "always", brings_outside_text=True),
    "module": Kind(Place.SANDBOX, "always", brings_outside_text=True),
}
"""`aws` is refined by its operation: `functions.shared.operations.READS` name those that only read."""
