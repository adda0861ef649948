"""Every `{name}` in an action must have somewhere to come from."""

from collections.abc import Iterator
from typing import Any

from functions.shared.placeholders import names_in
from infra.manifests.actions import Action, DataUrl, Document, Emit, MessageTemplate, Request, Rest
from infra.manifests.address import read_address
from infra.manifests.problems import Findings, Key

SECRET = "appkey"  # noqa: S105
"""The placeholder of a secret; it is never an argument's name."""


def check_placeholders(
    action: Action, *, known: frozenset[str], key: Key, findings: Findings, version: int
) -> None:
    """Names that are no argument can never be filled: version 1 is told, version 2 is refused."""
    tell = findings.warn if version == 1 else findings.refuse
    for member, names in _asked(action):
        unknown = [name for name in names if name not in known]
        if SECRET in unknown and isinstance(action, Request) and member in ("url", "headers"):
            unknown.remove(SECRET)
            if action.secret is None:
                tell("secret_missing", (*key, member), "{appkey} needs a secret")
        if member == "message" and isinstance(action, DataUrl) and "url" in unknown:
            unknown.remove("url")
        if unknown:
            message = f"no argument is called {', '.join(unknown)}"
            tell("unknown_placeholder", (*key, member), message)
    if isinstance(action, Request) and action.secret:
        _check_secret(action, key, findings, version)


def _check_secret(action: Request, key: Key, findings: Findings, version: int) -> None:
    address = read_address(action.url)
    if address.scheme != "https":
        message = "a secret is sent over https only"
        findings.refuse("secret_in_the_clear", (*key, "url"), message)
    used = (
        *address.names,
        *(name for value in action.headers.values() for name in names_in(value)),
    )
    if SECRET not in used:
        tell = findings.warn if version == 1 else findings.refuse
        tell("secret_unused", (*key, "secret"), "{appkey} stands neither in url nor in headers")


def _asked(action: Action) -> Iterator[tuple[str, list[str]]]:
    """The placeholders of each member."""
    if isinstance(action, Request):
        yield "url", list(read_address(action.url).names)
        yield "headers", _within(action.headers)
    if isinstance(action, Rest):
        yield "query", _within(action.query)
        yield "body", _within(action.body)
    elif isinstance(action, MessageTemplate | DataUrl):
        yield "message", _within(action.message)
    elif isinstance(action, Emit):
        yield "data", _within(action.data)
    elif isinstance(action, Document):
        yield "parameters", _within([*action.parameters.values()])


def _within(value: Any) -> list[str]:
    if isinstance(value, str):
        return names_in(value)
    if isinstance(value, dict):
        return [name for part in value.values() for name in _within(part)]
    if isinstance(value, list | tuple):
        return [name for part in value for name in _within(part)]
    return []
