"""What comes out of the sandbox may have been written by anybody: what is kept of it."""

import base64
import json

import pytest
from pydantic import ValidationError

from functions.ask_sandbox.answer import (
    MOST_OUTPUTS,
    OUTPUTS_BYTES,
    RESULT_BYTES,
    Answer,
    as_result,
    kept_outputs,
)
from tests.support.fake_sandbox import gave
from tests.support.notebooks import png, raises, shows, value, writes


@pytest.mark.parametrize(
    "output",
    [
        writes("数\n"),
        writes("warned", "stderr"),
        raises(),
        shows(png()),
        value("2"),
        value("df", **{"text/html": "<table></table>"}),
        {**value("2"), "execution_count": None},
        {
            **shows(png()),
            "metadata": {"image/png": {"width": 640, "height": 480}},
        },
        {"output_type": "display_data", "metadata": {}, "data": {"application/json": {"a": [1]}}},
        {"output_type": "display_data", "metadata": {}, "data": {"text/vnd.graphviz": "a -> b"}},
    ],
    ids=lambda output: output["output_type"],
)
def test_what_a_notebook_knows_is_kept_as_it_came(output):
    assert kept_outputs([output]) == (output,)


def data(**parts):
    return {"output_type": "display_data", "metadata": {}, "data": parts}


@pytest.mark.parametrize(
    "output",
    [
        None,
        "text",
        [],
        {},
        {"output_type": "update_display_data", "data": {"text/plain": "x"}, "metadata": {}},
        {"output_type": "comm_open"},
        {"output_type": ["stream"]},
        {**writes("x"), "name": "stdin"},
        {**writes("x"), "text": ["x"]},
        {**raises(), "traceback": "all of it"},
        {**raises(), "traceback": [1]},
        {"output_type": "error", "ename": "E"},
        {**value("2"), "execution_count": "2"},
        {"output_type": "display_data", "data": "x", "metadata": {}},
        data(),
        data(**{"application/javascript": "alert(1)"}),
        data(**{"application/vnd.jupyter.widget-view+json": {}}),
        data(**{"text/html": {"a": 1}}),
        data(**{"image/png": "not base64!"}),
        data(**{"image/png": ""}),
        data(**{"image/png": ["AAAA"]}),
        data(**{"application/json": float("nan")}),
    ],
    ids=lambda output: json.dumps(output)[:60],
)
def test_what_is_none_of_a_notebook_s_is_left_out(output):
    assert kept_outputs([output, writes("kept")]) == (writes("kept"),)


def test_members_that_nobody_knows_are_left_out():
    given = {
        **shows(png()),
        "transient": {"a": 1},
        "metadata": {"x": 1, "image/png": {"width": "1"}},
    }
    assert kept_outputs([given]) == (shows(png()),)


def test_of_several_forms_those_that_are_known_are_kept():
    parts = {"text/plain": "a widget", "application/vnd.x+json": {}, "image/png": "%"}
    assert kept_outputs([data(**parts)]) == (data(**{"text/plain": "a widget"}),)


def test_all_outputs_together_have_a_size():
    long = writes("x" * (OUTPUTS_BYTES - 200))
    kept = kept_outputs([long, long, writes("short")])
    assert kept == (long, writes("short"))
    assert len(kept_outputs([writes("x")] * (MOST_OUTPUTS + 5))) == MOST_OUTPUTS


def test_a_character_that_cannot_be_written_is_replaced():
    [kept] = kept_outputs([writes("a\ud800b")])
    assert kept["text"] == "a?b"
    assert as_result("a\ud800b") == "a?b"


def test_an_output_of_many_levels_is_left_out():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert kept_outputs([data(**{"application/json": deep}), writes("x")]) == (writes("x"),)


def test_a_result_has_sixteen_kilobytes_and_says_what_was_cut():
    assert as_result("数" * 5000) == "数" * 5000
    cut = as_result("数" * 10_000)
    assert len(cut.encode()) <= RESULT_BYTES
    assert cut.endswith("数\n[cut: 30000 bytes in all]")


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"status": "out_of_time"},
        {"status": None},
        {"text": None},
        {"text": ["x"]},
        {"code": 5},
        {"code": "x" * 65},
        {"outputs": {}},
        {"replayed": "1"},
        {"message": ["x"]},
    ],
    ids=str,
)
def test_an_answer_of_another_shape_is_none(change):
    with pytest.raises(ValidationError):
        Answer.model_validate({**gave(), **change})


@pytest.mark.parametrize(
    ("answer", "is_cell"),
    [
        (gave(), True),
        (gave(status="failed", code="python_error"), True),
        (gave(status="failed", code="bad_file"), False),
        (gave(status="failed"), False),
        (gave(status="timed_out", code="time_limit"), False),
        (gave(status="killed", code="python_error"), False),
    ],
)
def test_only_code_that_ran_to_its_own_end_is_a_cell(answer, is_cell):
    assert Answer.model_validate(answer).is_cell is is_cell


def test_a_snapshot_of_another_shape_does_not_spoil_the_answer():
    content = base64.b64encode(b"names").decode()
    good = Answer.model_validate(gave(snapshot={"cells": 2, "content": content}))
    assert good.taken_snapshot().cells == 2
    assert Answer.model_validate(gave(snapshot=["x"])).taken_snapshot() is None
    assert Answer.model_validate(gave()).taken_snapshot() is None
