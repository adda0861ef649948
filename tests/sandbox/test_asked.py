"""What the sandbox is asked for: read once, refused by name; and it says when it cannot confine."""

import base64
import json
import tracemalloc

import pytest
from pydantic import ValidationError

from functions.run_code import handler as room
from functions.run_code import sandbox
from tests.sandbox.asking import packed
from tests.sandbox.conftest import deployed


def encoded(raw):
    return base64.b64encode(raw).decode()


@pytest.fixture
def without_namespaces(monkeypatch):
    monkeypatch.setattr(room, "has_namespaces", lambda: False)


def test_where_no_namespaces_are_the_kind_is_refused_with_one_sentence(
    monkeypatch, without_namespaces
):
    answer = deployed(monkeypatch, "namespaces").run("1")
    assert (answer["status"], answer["code"]) == ("failed", "no_confinement")
    assert "--unconfined" in json.loads(answer["text"])["error"]


def test_unless_the_operator_said_so(monkeypatch, without_namespaces):
    sandbox = deployed(monkeypatch, "unconfined")
    assert sandbox.text("6 * 7") == "42"


def test_unconfined_still_takes_what_the_machine_gives(monkeypatch, namespaces):
    sandbox = deployed(monkeypatch, "unconfined")
    assert sandbox.text("open('/proc/net/dev').read().count(':')") == "1"


def test_a_confinement_that_does_not_exist_runs_nothing(monkeypatch):
    assert deployed(monkeypatch, "Namespaces").run("1")["code"] == "no_confinement"


def test_namespaces_that_fail_at_the_last_moment_run_nothing(monkeypatch, namespaces, tmp_path):
    asked = deployed(monkeypatch, "namespaces")
    lay_out = sandbox._lay_out

    def in_the_way(directory, files):
        lay_out(directory, files)
        (directory / "root").mkdir()

    monkeypatch.setattr(sandbox, "_lay_out", in_the_way)
    answer = asked.run(f"open({str(tmp_path / 'ran')!r}, 'w')")
    assert answer["code"] == "no_confinement"
    assert not (tmp_path / "ran").exists()


def test_a_lambda_s_confinement_is_not_taken_for_a_laptop_s(monkeypatch):
    """It clears the temporary folder, which is a laptop's own."""
    asked = deployed(monkeypatch, "vpc", stage="local")
    assert asked.run("1")["code"] == "no_confinement"


def test_where_the_filter_is_relied_on_and_cannot_be_had_nothing_runs(monkeypatch, tmp_path):
    """The warden is told that this processor is not in the filter's table."""
    asked = deployed(monkeypatch, "vpc")
    program = sandbox._PROGRAM.replace(
        "main()", "import platform; platform.machine = lambda: 'z80'; main()"
    )
    monkeypatch.setattr(sandbox, "_PROGRAM", program)
    for answer in (
        asked.run(f"open({str(tmp_path / 'ran')!r}, 'w')"),
        asked.call(f"open({str(tmp_path / 'ran')!r}, 'w')\ndef f(): pass", "f"),
    ):
        assert (answer["status"], answer["code"]) == ("failed", "no_confinement")
        assert "filter" in answer["text"]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "change",
    [{"v": 2}, {"kind": "shell"}, {"seconds": 0}, {"cells": [{"outputs": []}]}],
)
def test_an_event_of_another_kind_is_not_guessed_at(confined, change):
    with pytest.raises(ValidationError):
        confined.run("1", **change)


@pytest.fixture
def refusing(monkeypatch):
    """What is refused before anything is started."""
    sandbox = deployed(monkeypatch, "namespaces")
    monkeypatch.setattr(room, "has_namespaces", lambda: True)
    return sandbox


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../up",
        "a/../../up",
        "",
        ".",
        "new\nline",
        "x" * 300,
        "é" * 128,
        "a\0b",
        "\ud800",
    ],
)
def test_a_file_lies_in_the_run_s_folder_or_nowhere(refusing, name):
    answer = refusing.run("1", files=[{**packed("x", "text"), "name": name}])
    assert answer["code"] == "bad_file"


@pytest.mark.parametrize("names", [("a", "a"), ("a", "./a"), ("a", "a/b"), ("a/b/c", "a/b")])
def test_two_files_do_not_have_one_name(refusing, names):
    answer = refusing.run("1", files=[packed(name, "text") for name in names])
    assert answer["code"] == "bad_file"


WHOLE = base64.b64decode(packed("a", "text" * 100)["content"])


@pytest.mark.parametrize(
    "content",
    ["%%%", "AAAA", encoded(WHOLE[:-9]), encoded(WHOLE + WHOLE), encoded(WHOLE + b"more")],
    ids=["not base64", "not gzip", "cut", "two in one", "more behind it"],
)
def test_a_file_that_cannot_be_unpacked_whole_is_named(refusing, content):
    answer = refusing.run("1", files=[{"name": "a.csv", "content": content}])
    assert answer["code"] == "bad_file"
    assert "a.csv" in answer["text"]


def test_a_file_that_unpacks_to_too_much_is_never_unpacked_whole(refusing):
    tracemalloc.start()
    bomb = packed("a", bytes(200 * 1024 * 1024))
    tracemalloc.reset_peak()
    assert refusing.run("1", files=[bomb])["code"] == "files_too_large"
    assert tracemalloc.get_traced_memory()[1] < 50 * 1024 * 1024
    tracemalloc.stop()
    five = [packed(f"{number}", bytes(9 * 1024 * 1024)) for number in range(5)]
    assert refusing.run("1", files=five)["code"] == "files_too_large"


def test_given_files_can_be_read_and_not_written(confined):
    confined.files = [packed("data/a.txt", "text")]
    assert confined.text("open('data/a.txt').read()") == "text"
    assert "PermissionError" in confined.text("open('data/a.txt', 'w')")


def test_what_is_done_to_a_given_file_is_done_to_a_copy(anywhere):
    """Its owner may change what is read-only; the next run has the file as it was given."""
    anywhere.files = [packed("a.txt", "text")]
    changing = "import os\nos.chmod('a.txt', 0o600)\nopen('a.txt', 'w').write('changed')"
    assert anywhere.text(changing) == "7"
    assert anywhere.text("open('a.txt').read()", cells=[]) == "text"


def test_an_event_that_cannot_be_read_does_not_put_code_into_the_log(refusing):
    with pytest.raises(ValidationError) as error:
        refusing.run("secret = 'hunter2'", seconds="soon")
    assert "hunter2" not in str(error.value)
