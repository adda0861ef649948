"""Who is signed in, and where: one file that only its owner can read."""

import json
import os
import tempfile
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Self

FILE = "session.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One sign-in at one deployment."""

    url: str
    client_id: str
    token_url: str
    name: str
    email: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: int
    """Epoch seconds of the access token's end."""

    @classmethod
    def read(cls, directory: Path) -> Self | None:
        """What was kept; None where nothing is, or nothing that can be used."""
        try:
            value = json.loads((directory / FILE).read_text(encoding="utf-8"))
            return cls(**{one.name: value[one.name] for one in fields(cls)})
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def keep(self, directory: Path) -> None:
        """Write it whole or not at all, for nobody else to read."""
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=directory, prefix=FILE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file)
        Path(name).replace(directory / FILE)


def forget(directory: Path) -> None:
    """Keep nothing any more."""
    (directory / FILE).unlink(missing_ok=True)
