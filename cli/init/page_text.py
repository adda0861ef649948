"""The first page of an operator: the example with what was chosen in its lines, comments and all."""

import json
import re
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from cli.terminal.failures import USAGE, CommandFailed
from infra.manifests.unreadable import Unreadable
from infra.manifests.yaml_text import read
from infra.page import EXAMPLE, ROOT, Page, complaints

REQUIRED = {"region": "such as us-east-1", "launch": "dry_run or live"}
"""What has to be written, and what may be."""
TOP = """\
# yaml-language-server: $schema=schemas/countersign.schema.json
# The operator's page. Every line that is commented out shows its default; docs/configuration.md lists them.
"""
TOP_LINES = 2
"""How many lines of the example say that it is one."""


class CannotInit(CommandFailed):
    """The directory is not written; the message is one sentence that says what to do."""

    code = "cannot_init"
    status = USAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What was chosen on the command line; None or empty: nothing was."""

    stack: str | None = None
    stage: str | None = None
    region: str | None = None
    account: str | None = None
    launch: str | None = None
    model: str | None = None
    provider: str | None = None
    base_url: str | None = None
    approvers: tuple[str, ...] = ()
    alarm_email: str | None = None
    time_zone: str | None = None

    @property
    def lines(self) -> dict[str, Any]:
        """The chosen values by the page's keys; two spaces before those of the model."""
        values = {
            "stack": self.stack,
            "stage": self.stage,
            "region": self.region,
            "account": self.account,
            "launch": self.launch,
            "  name": self.model,
            "  provider": self.provider,
            "  base_url": self.base_url,
            "approvers": list(self.approvers) or None,
            "alarm_email": self.alarm_email,
            "time_zone": self.time_zone,
        }
        return {key: value for key, value in values.items() if value is not None}

    @property
    def missing(self) -> tuple[str, ...]:
        """The keys that have to be written before the page can be used."""
        return tuple(key for key in REQUIRED if key not in self.lines)


def page_text(choices: Choices) -> str:
    """The page; raises `CannotInit` where a choice cannot stand on one."""
    if choices.provider == "bedrock" and choices.model is None:
        raise CannotInit("Name a model of bedrock's with --model.")
    lines = (ROOT / EXAMPLE).read_text(encoding="utf-8").splitlines(keepends=True)
    text = TOP + "".join(lines[TOP_LINES:])
    for key, value in choices.lines.items():
        written = value if is_plain(value) else json.dumps(value, ensure_ascii=False)
        text = with_line(text, key, written)
    check(text)
    for key in choices.missing:
        text = with_line(text, key, f"# has to be written: {REQUIRED[key]}")
    return text


def with_line(text: str, key: str, value: str) -> str:
    """The text with a value in the one line of a key, which may be commented out."""
    indent = " " * (len(key) - len(key.lstrip()))
    line = re.compile(rf"^{indent}(?:# )?{key.lstrip()}:.*$", re.MULTILINE)
    changed, count = line.subn(lambda _: f"{key}: {value}", text)
    if count != 1:
        raise RuntimeError(f"{EXAMPLE} has {count} lines of {key}")
    return changed


def is_plain(value: Any) -> bool:
    """Whether YAML reads the text as itself without quotes."""
    try:
        return bool(isinstance(value, str) and read(value)[0] == value)
    except Unreadable:
        return False


def check(text: str) -> None:
    """Raises `CannotInit` where the page would be refused."""
    try:
        Page.model_validate(read(text)[0])
    except ValidationError as error:
        raise CannotInit(f"{complaints(error)}. Nothing was written.") from error
