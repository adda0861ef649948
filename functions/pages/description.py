"""`openapi.json`: what the API is, for its readers and for the addresses that have no route."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "openapi.json"


@dataclass(frozen=True, slots=True)
class Methods:
    """The methods of one described address."""

    route: str
    names: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.names)

    @property
    def allow(self) -> str:
        return ", ".join(self.names)


class Description:
    def text(self) -> str:
        return FILE.read_text(encoding="utf-8")

    def version(self) -> str:
        return str(self._value["info"]["version"])

    def methods(self, path: str) -> Methods:
        """What an address answers to; none when it is not described."""
        for route, operations in self._value["paths"].items():
            if _matches(route, path):
                described = [name.upper() for name in operations if name in METHODS]
                return Methods(route, (*described, "OPTIONS"))
        return Methods("", ())

    @cached_property
    def _value(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.text())
        return value


METHODS = ("get", "head", "post", "put", "delete")


def _matches(route: str, path: str) -> bool:
    """Literal routes come before those with parameters in the file, as in the gateway."""
    wanted, given = route.split("/"), path.split("/")
    return len(wanted) == len(given) and all(
        step == value or (step.startswith("{") and value != "")
        for step, value in zip(wanted, given, strict=True)
    )
