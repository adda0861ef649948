"""The operator's home: whose agents run here, and which lines of its page they need."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.page import NAME, BadPage, agents_directory, one_line

TAKEN = ("egress", "images", "launch", "sandbox", "secrets")
"""What the laptop run takes from the operator's page beside `model.aliases`; the rest of its page is its own."""
OF_THE_ACCOUNT = ("network", "unconfined")
"""What it says of the sandbox for its account alone: here the kernel confines, or the command line says otherwise."""

Written = Mapping[str, tuple[int, int]]
"""When each file was written last, and how long it is."""


@dataclass(frozen=True, slots=True)
class Home:
    """A directory with agents/, the files that they name, and perhaps countersign.yaml."""

    directory: Path

    @property
    def agents(self) -> Path:
        """Where its manifests are."""
        return agents_directory(self.directory)

    def written(self, named: Iterable[Path] = ()) -> Written:
        """What its agents are made of, and these files, as they lie there now; nothing while one is replaced."""
        try:
            return {
                str(file): (state.st_mtime_ns, state.st_size)
                for file in {*self._files(), *named}
                for state in [file.stat()]
            }
        except FileNotFoundError:
            return {}

    def page(self) -> dict[str, Any]:
        """The lines of its page that agents need; none where it has no page. Raises `BadPage`."""
        file = self.directory / NAME
        if not file.exists():
            return {}
        try:
            written = yaml.safe_load(file.read_text(encoding="utf-8"))
        except yaml.YAMLError as error:
            raise BadPage(f"{file.name}: {one_line(error)}") from error
        if not isinstance(written, dict):
            raise BadPage(f"{file.name}: a mapping is expected.")
        taken = {name: written[name] for name in TAKEN if written.get(name) is not None}
        if isinstance(taken.get("secrets"), dict):
            taken["secrets"] = {name: _made_here(place) for name, place in taken["secrets"].items()}
        if isinstance(taken.get("sandbox"), dict):
            taken["sandbox"] = _without(taken["sandbox"], OF_THE_ACCOUNT)
        model = written.get("model")
        if isinstance(model, dict) and "aliases" in model:
            taken["model"] = {"aliases": model["aliases"]}
        return taken

    def _files(self) -> Iterator[Path]:
        yield from (file for file in self.agents.rglob("*") if file.is_file())
        page = self.directory / NAME
        if page.is_file():
            yield page


def _made_here(place: Any) -> Any:
    """A secret's line without the ARN of the operator's account: the emulator makes its own."""
    return _without(place, ("arn",)) if isinstance(place, dict) else place


def _without(lines: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: value for name, value in lines.items() if name not in names}
