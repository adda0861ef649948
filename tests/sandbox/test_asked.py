"""What the sandbox is asked for: read once, refused by name; and it says when it cannot confine."""

import json

import pytest
from pydantic import ValidationError

from functions.run_code import handler as room
from functions.run_code import sandbox
from tests.sandbox.asking import packed
from tests.sandbox.conftest import deployed


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


@pytest.mark.parametrize(
    "change",
    [{"v": 2}, {"kind": "shell"}, {"seconds": 0}, {"cells": [{"outputs": []}]}],
)
def test_an_event_of_another_kind_is_not_guessed_at(confined, change):
    with pytest.raises(ValidationError):
        confined.run("1", **change)


@pytest.mark.parametrize("name", ["/etc/passwd", "../up", "a/../../up", "", "new\nline", "x" * 300])
def test_a_file_lies_in_the_run_s_folder_or_nowhere(confined, name):
    answer = confined.run("1", files=[{**packed("x", "text"), "name": name}])
    assert answer["code"] == "bad_file"


@pytest.mark.parametrize("content", ["%%%", "AAAA"])
def test_a_file_that_cannot_be_unpacked_is_named(confined, content):
    answer = confined.run("1", files=[{"name": "a.csv", "content": content}])
    assert answer["code"] == "bad_file"
    assert "a.csv" in answer["text"]


def test_a_file_that_unpacks_to_too_much_is_never_unpacked_whole(confined):
    assert (
        confined.run("1", files=[packed("a", bytes(11 * 1024 * 1024))])["code"] == "files_too_large"
    )
    five = [packed(f"{number}", bytes(9 * 1024 * 1024)) for number in range(5)]
    assert confined.run("1", files=five)["code"] == "files_too_large"


def test_given_files_can_be_read_and_not_written(confined):
    confined.files = [packed("data/a.txt", "text")]
    assert confined.text("open('data/a.txt').read()") == "text"
    assert "PermissionError" in confined.text("open('data/a.txt', 'w')")
