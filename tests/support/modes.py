"""Switching a composed backend between shadow mode and live launches, as a deploy would."""

from dataclasses import replace
from typing import Any

import pytest

import functions.chat.continue_turn
import functions.chat.handler
import functions.launch_instance.handler
from functions.shared.targets import Targets
from tests.support.backend import Backend


def switch(patch: pytest.MonkeyPatch, backend: Backend, launch: str) -> None:
    """From now on chat and the launch room work in this mode: `live` or `dry_run`."""
    room = backend.rooms["launch_instance"]
    _put(
        patch,
        backend,
        "launch_instance",
        replace(room, settings=replace(room.settings, launch=launch)),
    )
    _put(patch, backend, "chat", replace(backend.rooms["chat"], launch=launch))


def fix(patch: pytest.MonkeyPatch, backend: Backend, **fixed: Any) -> None:
    """What the operator's page fixes for launches in the one target."""
    for name in ("chat", "launch_instance"):
        room = backend.rooms[name]
        targets = Targets(replace(one, fixed=fixed) for one in room.targets)
        _put(patch, backend, name, replace(room, targets=targets))


def _put(patch: pytest.MonkeyPatch, backend: Backend, name: str, composed: Any) -> None:
    backend.rooms[name] = composed
    modules = {
        "chat": (functions.chat.handler, functions.chat.continue_turn),
        "launch_instance": (functions.launch_instance.handler,),
    }
    for module in modules[name]:
        patch.setattr(module, "deps", lambda: composed)
