"""A function of the operator's file: called with the model's arguments, and only if it is the file and the function."""

import json

import pytest

SOURCE = """
import json
from os import system
from pathlib import Path
from textwrap import dedent

GREETING = "hello "

def pair(name):
    return GREETING + name, "a message"

def table(rows):
    return {"rows": [row * 2 for row in rows], "ok": True}, None

def plain(value):
    return value

def nothing():
    print("not a result")

def failing(x):
    return 1 / x

def reading():
    return Path("data/cars.csv").read_text()

def _private():
    return "no"

class NotAFunction:
    pass
"""


@pytest.mark.parametrize(
    ("function", "arguments", "text"),
    [
        ("pair", {"name": "bob"}, "hello bob"),
        ("table", {"rows": [1, 2]}, '{"rows": [2, 4], "ok": true}'),
        ("plain", {"value": "text"}, "text"),
        ("plain", {"value": 3}, "3"),
        ("plain", {"value": [1, None]}, "[1, null]"),
        ("plain", {"value": False}, "false"),
        ("nothing", {}, "Done"),
        ("plain", {"value": ""}, "Done"),
    ],
)
def test_a_function_s_value_is_text_for_the_model(confined, function, arguments, text):
    answer = confined.call(SOURCE, function, arguments)
    assert (answer["status"], answer["text"]) == ("succeeded", text)


def test_a_pair_is_a_result_and_a_message(anywhere):
    assert anywhere.call(SOURCE, "pair", {"name": "bob"})["message"] == "a message"
    assert anywhere.call(SOURCE, "plain", {"value": "x"})["message"] is None


def test_a_function_reads_the_given_files(confined):
    from tests.sandbox.asking import packed

    answer = confined.call(SOURCE, "reading", files=[packed("data/cars.csv", "a,b\n")])
    assert answer["text"] == "a,b\n"


def test_an_error_is_told_by_its_class_and_the_file_s_own_lines(confined):
    answer = confined.call(SOURCE, "failing", {"x": 0})
    assert (answer["status"], answer["code"]) == ("failed", "python_error")
    assert answer["text"].endswith("ZeroDivisionError: division by zero\n")
    assert "own.py" in answer["text"]
    assert "call_module" not in answer["text"]


@pytest.mark.parametrize("arguments", [{}, {"x": 1, "more": 2}])
def test_wrong_arguments_are_told(confined, arguments):
    assert "TypeError" in confined.call(SOURCE, "failing", arguments)["text"]


def test_a_file_that_cannot_be_loaded_is_told(confined):
    assert "ModuleNotFoundError" in confined.call("import chromadb\ndef f(): pass", "f")["text"]
    assert "SyntaxError" in confined.call("def f(:", "f")["text"]


def refused(answer):
    assert (answer["status"], answer["outputs"]) == ("failed", [])
    assert json.loads(answer["text"])["code"] == answer["code"]
    return answer["code"]


def test_a_function_that_is_not_declared_is_not_called(confined):
    assert (
        refused(confined.call(SOURCE, "plain", {"value": 1}, declared=["pair"])) == "not_declared"
    )
    assert refused(confined.call(SOURCE, "_private")) == "not_declared"


@pytest.mark.parametrize(
    "name",
    ["dedent", "system", "NotAFunction", "absent", "json", "GREETING", "os.system", "os:system"],
)
def test_only_functions_that_the_file_itself_defines_are_called(confined, name):
    assert refused(confined.call(SOURCE, name)) == "no_such_function"


def test_a_changed_file_is_not_run(confined):
    assert (
        refused(confined.call(SOURCE, "plain", {"value": 1}, sha256="0" * 64)) == "module_changed"
    )


def test_a_file_that_needs_the_network_is_refused_by_name(confined):
    answer = confined.call(SOURCE, "plain", {"value": 1}, network=True)
    assert refused(answer) == "module_needs_network"
    assert "rest" in answer["text"]


def test_a_function_without_end_is_stopped(anywhere):
    answer = anywhere.call("def f():\n    while True: pass", "f", seconds=1)
    assert (answer["status"], answer["code"]) == ("timed_out", "time_limit")
    assert anywhere.call(SOURCE, "nothing")["text"] == "Done"


WRITES_ITSELF = """
    import os
    for number in range(3, 64):
        try:
            os.write(number, b'[1]')
        except OSError:
            pass
    os._exit(0)
"""


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("import os; os._exit(0)", "ended_early"),
        ("return 'y' * 50_000_000", "output_limit"),
        (WRITES_ITSELF, "ended_early"),
    ],
    ids=["exit", "a long answer", "an answer of its own"],
)
def test_an_answer_that_is_none_is_told(confined, body, code):
    answer = confined.call(f"def f():\n    {body}", "f")
    assert (answer["status"], answer["code"]) == ("killed", code)
    assert confined.call(SOURCE, "nothing")["text"] == "Done"


def test_a_function_reaches_no_network(anywhere):
    code = "def f():\n    import socket\n    socket.create_connection(('169.254.169.254', 80), timeout=2)"
    assert "PermissionError" in anywhere.call(code, "f")["text"]
