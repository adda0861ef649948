"""Every effective value of an operator's page, a line or a JSON object for each."""

import json
import os
from pathlib import Path
from typing import Any

from cli.operator import home_of, page_of
from cli.terminal.failures import DONE
from cli.terminal.screen import Screen
from infra.page import agents_directory, written_page
from infra.page_effective import Effective, effective_values

NOTHING = "-"


def show_page(screen: Screen, chosen: Path | None) -> int:
    """Put out the page's values; raises `CannotOperate` with what is wrong with the page."""
    home = home_of(chosen)
    page = page_of(home)
    written = written_page(home)
    found = list(effective_values(page, written, os.environ))
    for one in found:
        screen.tell(told(one))
    rows = [(one.key, shown(one.value), origin(one, written.file.name)) for one in found]
    screen.say(f"{written.file}, with the agents of {agents_directory(home)}")
    screen.table(("key", "value", "from"), rows, empty="")
    return DONE


def told(one: Effective) -> dict[str, Any]:
    """A value for programs."""
    value = {"key": one.key, "value": one.value}
    if one.variable:
        return {**value, "from": "environment", "variable": one.variable}
    if one.line:
        return {**value, "from": "page", "line": one.line}
    if one.stage:
        return {**value, "from": "stage", "stage": one.stage}
    if one.follows:
        return {**value, "from": "key", "follows": one.follows}
    return {**value, "from": "default"}


def origin(one: Effective, file: str) -> str:
    """Where a value comes from, in words."""
    if one.variable:
        return f"environment variable {one.variable}"
    if one.line:
        return f"{file}, line {one.line}"
    if one.stage:
        return f"default of the stage {one.stage}"
    return f"as {one.follows}" if one.follows else "default"


def shown(value: Any) -> str:
    """A value as YAML's short form has it."""
    if value in (None, "", [], {}):
        return NOTHING
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
