"""Every Lambda's environment: what is written is what is read, and nothing may be missing."""

import inspect

import pytest

from functions.shared import sandbox_settings, settings, target_settings
from functions.shared.settings import ChatSettings, MissingSetting, Settings

PAGES = (settings, sandbox_settings, target_settings)
ROOMS = [
    one
    for page in PAGES
    for _, one in inspect.getmembers(page, inspect.isclass)
    if issubclass(one, Settings) and one is not Settings
]


def an_example(room):
    values = {str: "text", int: 7, bool: True}
    return room(**{name: values[field.type] for name, field in room.__dataclass_fields__.items()})


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
@pytest.mark.parametrize("truth", [True, False])
def test_settings_survive_the_environment(room, truth):
    made = an_example(room)
    if "self_confirm" in room.__dataclass_fields__:
        made = type(made)(
            **{
                **{name: getattr(made, name) for name in room.__dataclass_fields__},
                "self_confirm": truth,
            }
        )
    environment = made.environment()
    assert all(isinstance(value, str) for value in environment.values())
    assert room.load(environment) == made


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
def test_each_missing_variable_is_named(room):
    environment = an_example(room).environment()
    for name in environment:
        rest = {other: value for other, value in environment.items() if other != name}
        with pytest.raises(MissingSetting, match=name):
            room.load(rest)


def test_ec2_08_a_chat_without_the_models_name_does_not_start():
    environment = an_example(ChatSettings).environment()
    del environment["CHAT_MODEL"]
    with pytest.raises(MissingSetting, match="CHAT_MODEL"):
        ChatSettings.load(environment)
