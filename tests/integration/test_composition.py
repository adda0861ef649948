"""Each room composes itself from its environment alone, as in AWS, and a missing variable is named."""

import pytest

import functions.approvals.handler
import functions.chat.continue_turn
import functions.chat.handler
import functions.conversations.handler
import functions.decide_approval.handler
import functions.end_lease.handler
import functions.freeze.handler
import functions.launch_instance.handler
import functions.preflight.handler
import functions.record_outcome.handler
import functions.request_approval.handler
import functions.sweep.handler
from functions.chat.compose import _room_client
from functions.chat.model import ModelTimeout
from functions.shared.aws import client
from functions.shared.settings import MissingSetting
from tests.support.backend import settings_of
from tests.support.wire import watched

ROOMS = {
    "chat": [functions.chat.handler, functions.chat.continue_turn],
    "conversations": [functions.conversations.handler],
    "approvals": [functions.approvals.handler],
    "decide_approval": [functions.decide_approval.handler],
    "preflight": [functions.preflight.handler],
    "request_approval": [functions.request_approval.handler],
    "launch_instance": [functions.launch_instance.handler],
    "record_outcome": [functions.record_outcome.handler],
    "sweep": [functions.sweep.handler],
    "end_lease": [functions.end_lease.handler],
    "freeze": [functions.freeze.handler],
}
ENTRIES = [(room, module) for room, modules in ROOMS.items() for module in modules]


@pytest.mark.parametrize(
    ("room", "module"), ENTRIES, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_room_needs_its_environment_and_nothing_else(
    monkeypatch, account, agents_file, room, module
):
    module.deps.cache_clear()
    environment = settings_of(account, agents_file)[room].environment()
    with pytest.raises(MissingSetting):
        module.deps()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with watched(client("dynamodb"), client("secretsmanager"), client("sts")) as wire:
        assert module.deps() is module.deps()
    assert wire.operations() == []
    module.deps.cache_clear()


def test_a_slow_turn_whose_worker_cannot_be_called_is_left_to_the_sweep(
    backend, monkeypatch, account, agents_file
):
    from dataclasses import replace

    from functions.chat.compose import compose

    composed = compose(settings_of(account, agents_file)["chat"])
    chat = replace(backend.rooms["chat"], go_on=composed.go_on)
    monkeypatch.setattr(functions.chat.handler, "deps", lambda: chat)
    backend.model.says(ModelTimeout())
    with watched(client("lambda")) as wire:
        answer = backend.chat("slow")
    assert answer.status == 202
    assert "lambda.Invoke" in wire.operations()
    backend.clock.turn(91)
    backend.sweep()
    assert [name for name, _ in backend.invoked] == ["continue_turn"]


@pytest.mark.parametrize(
    ("seconds", "least", "most"), [(2.0, 2, 28), (22.4, 22.4, 28), (150.0, 150, 170)]
)
def test_a_room_is_waited_for_as_long_as_it_was_given_and_never_past_the_end_of_the_request(
    account, seconds, least, most
):
    waits = _room_client(seconds).meta.config.read_timeout
    assert least < waits < most
