"""Plain `{name}` replacement for the texts of manifests: no attributes, no indexes, no conversions, no code."""

import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}", re.ASCII)
_BRACES = {"{{": "{", "}}": "}"}


class MissingValue(Exception):
    """A placeholder has no value; `name` says which."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no value for {name!r}.")
        self.name = name


def as_text(value: Any) -> str:
    """A value as a template shows it: text as it is, anything else as Python writes it."""
    return value if isinstance(value, str) else str(value)


def fill(
    template: str, values: Mapping[str, Any], *, encode: Callable[[str], str] = lambda text: text
) -> str:
    """The template with every `{name}` replaced once; `{{` and `}}` are braces; values are never read again.

    `encode` makes a value fit its target. Raises `MissingValue`.
    """

    def replaced(token: re.Match[str]) -> str:
        name = token[1]
        if name is None:
            return _BRACES[token[0]]
        if name not in values:
            raise MissingValue(name)
        return encode(as_text(values[name]))

    return _TOKEN.sub(replaced, template)


def fill_only(template: str, **values: Any) -> str:
    """The template with these names replaced; other placeholders stay as they are written."""
    others = {name: f"{{{name}}}" for name in names_in(template)}
    return fill(template, {**others, **values})


def names_in(template: str) -> list[str]:
    """The placeholders of a template in their order, each once."""
    return list(dict.fromkeys(token[1] for token in _TOKEN.finditer(template) if token[1]))
