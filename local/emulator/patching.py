"""What a correction is, and how it takes the place of a name inside the emulator."""

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

MINISTACK_VERSION = "1.5.33"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One difference between the emulator and AWS, and the function that removes it."""

    apply: Callable[[], None]
    finding: str
    """The number under which the difference was measured; empty when found later."""
    patches: tuple[str, ...]
    """The private names it takes hold of, as `module:name` or `module:Class.name`."""
    droppable_after: str = MINISTACK_VERSION
    """A later version of ministack may do without: try `--without` and the contract test."""

    @property
    def name(self) -> str:
        """The name to give to `--without`."""
        return self.apply.__name__

    @property
    def module(self) -> str:
        """Where the function is."""
        return self.apply.__module__


def resolve(patched: str) -> Any:  # noqa: ANN401
    """What stands at `module:name` now; raises `LookupError` when nothing does."""
    module, _, path = patched.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for name in path.split("."):
            found = getattr(found, name)
    except (ImportError, AttributeError) as error:
        raise LookupError(patched) from error
    return found


def missing_names(corrections: Iterable[Correction]) -> list[str]:
    """The private names that this ministack does not have."""
    missing = []
    for correction in corrections:
        for patched in correction.patches:
            try:
                resolve(patched)
            except LookupError:
                missing.append(f"{patched} (for {correction.name})")
    return missing


def wrap(patched: str, around: Callable[[Any], Any]) -> None:
    """Put `around(what stands there)` at `module:name`."""
    module, _, path = patched.partition(":")
    owner, _, name = path.rpartition(".")
    holder = resolve(f"{module}:{owner}") if owner else importlib.import_module(module)
    setattr(holder, name, around(resolve(patched)))
