"""Rooms with budgets, and what stands in their table."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

import functions.chat.continue_turn
import functions.chat.handler
import functions.launch_instance.handler
import functions.record_outcome.handler
from functions.chat.spending import ChatBudgets
from functions.shared.aws import client
from functions.shared.budgets import (
    LaunchBudgets,
    closed_parts,
    day_key,
    instance_ended_parts,
    open_key,
)
from tests.support.account import BUDGETS
from tests.support.backend import Backend
from tests.support.clock import START
from tests.support.fake_model import INSTANCE, call, calls
from tests.support.gateway import Answer

TYPES = ("t2.micro", "t2.small", "t3.micro", "t3.small")
AMPLE = 10**9


def limit(patch: pytest.MonkeyPatch, backend: Backend, **limits: int) -> Backend:
    """The rooms with these budgets; what is not named is ample."""
    chat = replace(
        backend.rooms["chat"],
        budgets=ChatBudgets(
            client=client("dynamodb"),
            table=BUDGETS,
            turns=limits.get("turns", AMPLE),
            tokens=limits.get("tokens", AMPLE),
            approvals=limits.get("approvals", AMPLE),
            open_approvals=limits.get("open_approvals", AMPLE),
        ),
    )
    room = backend.rooms["launch_instance"]
    launching = replace(
        room,
        settings=replace(room.settings, budgets_table=BUDGETS),
        budgets=LaunchBudgets(
            table=BUDGETS,
            launches=limits.get("launches", AMPLE),
            live_instances=limits.get("live_instances", AMPLE),
        ),
    )
    recording = replace(
        backend.rooms["record_outcome"],
        closed_parts=partial(closed_parts, BUDGETS),
        not_taken_parts=partial(instance_ended_parts, BUDGETS),
    )
    for room, deps in (
        (functions.chat.handler, chat),
        (functions.chat.continue_turn, chat),
        (functions.launch_instance.handler, launching),
        (functions.record_outcome.handler, recording),
    ):
        patch.setattr(room, "deps", lambda deps=deps: deps)
    return backend


def item(key: str) -> dict[str, Any]:
    answer = client("dynamodb").get_item(TableName=BUDGETS, Key={"pk": {"S": key}})
    found: dict[str, Any] = answer.get("Item", {})
    return found


def used(backend: Backend, *, by: str = "alice") -> dict[str, int]:
    """What a person has used on the first day."""
    stored = item(day_key(backend.human(by).sub, START))
    return {name: int(stored[name]["N"]) for name in stored if name not in ("pk", "delete_after")}


def opened(backend: Backend, *, by: str = "alice") -> set[str]:
    """A person's open approvals."""
    return set(item(open_key(backend.human(by).sub)).get("approvals", {}).get("SS", ()))


def live() -> set[str]:
    """The calls whose instances live in the target."""
    return set(item("live#default").get("calls", {}).get("SS", ()))


def asking(backend: Backend, number: int = 0, **more: Any) -> Answer:
    """A turn in which the model asks for one instance; other numbers ask for other types."""
    backend.model.says(calls(call({**INSTANCE, "instance_type": TYPES[number % len(TYPES)]})))
    return backend.chat(f"please {number}", **more)
