"""Time and tokens of the model are written down by its name; what fails took its time too."""

import json

import pytest

from functions.chat.measured_model import MeasuredModel
from functions.chat.model import Answer, ModelTimeout
from tests.support.fake_model import FakeModel


@pytest.fixture
def figures(capsys):
    """What was written: name and value, with the model where one is named."""
    capsys.readouterr()

    def read():
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return {
            (metric["Name"], line.get("model", "")): line[metric["Name"]][0]
            for line in lines
            for block in line["_aws"]["CloudWatchMetrics"]
            for metric in block["Metrics"]
        }

    return read


def ask(measured, **options):
    return measured.answer([], tools=[], tool_choice=None, seconds=5.0, options=options)


def measured(fake, *moments):
    return MeasuredModel(fake, "m-1", clock=iter(moments).__next__)


def test_an_answer_s_time_and_tokens_are_written_under_the_model_s_name(figures):
    fake = FakeModel()
    fake.says("hello")
    assert ask(measured(fake, 10.0, 12.5)).text == "hello"
    assert figures() == {("ModelTime", "m-1"): 2.5, ("ModelTokens", "m-1"): 10}


def test_an_agent_s_own_model_has_figures_of_its_own(figures):
    fake = FakeModel()
    fake.says("hello")
    ask(measured(fake, 0.0, 1.0), model="m-2")
    assert set(figures()) == {("ModelTime", "m-2"), ("ModelTokens", "m-2")}


def test_a_failure_took_its_time_and_is_counted(figures):
    fake = FakeModel()
    fake.says(ModelTimeout())
    with pytest.raises(ModelTimeout):
        ask(measured(fake, 0.0, 20.0))
    assert figures() == {("ModelErrors", ""): 1, ("ModelTime", "m-1"): 20.0}


def test_a_service_that_does_not_tell_its_tokens_has_no_such_figure(figures):
    fake = FakeModel()
    fake.says(Answer("hello", (), "stop", 0))
    ask(measured(fake, 0.0, 1.0))
    assert set(figures()) == {("ModelTime", "m-1")}
