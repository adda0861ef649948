"""`countersign config show`: what holds, and where it comes from."""

import json

import pytest

from cli.__main__ import main

PAGE = """\
stage: dev
launch: dry_run
region: eu-west-1
model:
  name: a-model
tags: {Owner: platform}
"""


@pytest.fixture
def home(tmp_path):
    (tmp_path / "countersign.yaml").write_text(PAGE)
    return tmp_path


def rows(capsys):
    lines = capsys.readouterr().out.splitlines()
    return {line.split("\t")[0]: line.split("\t")[1:] for line in lines if "\t" in line}


def test_every_value_is_a_line_with_where_it_comes_from(home, monkeypatch, capsys):
    monkeypatch.setenv("APPROVAL_TIMEOUT_SECONDS", "900")
    assert main(["config", "show", "--home", str(home)]) == 0
    found = rows(capsys)
    assert found["launch"] == ["dry_run", "countersign.yaml, line 2"]
    assert found["tags.Owner"] == ["platform", "countersign.yaml, line 6"]
    assert found["approval_timeout_seconds"] == [
        "900",
        "environment variable APPROVAL_TIMEOUT_SECONDS",
    ]
    assert found["lease_hours"] == ["8", "default of the stage dev"]
    assert found["model.label"] == ["a-model", "as model.name"]
    assert found["budgets.turns"] == ["200", "default"]
    assert found["domain"] == ["-", "default"]


def test_programs_get_an_object_for_each(home, monkeypatch, capsys):
    monkeypatch.setenv("CHAT_MODEL", "another")
    assert main(["config", "show", "--home", str(home), "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"key": "region", "value": "eu-west-1", "from": "page", "line": 3} in told
    assert {
        "key": "model.name",
        "value": "another",
        "from": "environment",
        "variable": "CHAT_MODEL",
    } in told
    assert {"key": "lease_hours", "value": 8, "from": "stage", "stage": "dev"} in told
    assert {
        "key": "targets.default.region",
        "value": "eu-west-1",
        "from": "key",
        "follows": "region",
    } in told
    assert {"key": "mail.channel", "value": "sns", "from": "default"} in told


def test_the_page_of_the_directory_one_stands_in_is_meant(home, monkeypatch, capsys):
    monkeypatch.chdir(home)
    assert main(["config", "show"]) == 0
    assert capsys.readouterr().out.startswith(f"{home}/countersign.yaml, with the agents of ")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (PAGE.replace("dry_run", "maybe"), "launch: Input should be 'dry_run' or 'live'"),
        (PAGE + "launch: live\n", "line 7: launch: it stands twice"),
        (PAGE.replace("a-model", "!!python/name:os.system"), "line 5: model.name: the tag"),
        ("- stage\n", "a mapping is expected."),
    ],
    ids=["wrong value", "a key twice", "a tag", "a list"],
)
def test_a_page_that_cannot_be_used_is_one_sentence_and_exit_1(home, capsys, written, said):
    (home / "countersign.yaml").write_text(written)
    assert main(["config", "show", "--home", str(home)]) == 1
    assert main(["config", "show", "--home", str(home), "--json"]) == 1
    shown = capsys.readouterr()
    assert said in shown.err
    assert said in json.loads(shown.out)["error"]["detail"]


def test_a_directory_without_a_page_is_told_how_to_get_one(tmp_path, capsys):
    assert main(["config", "show", "--home", str(tmp_path)]) == 1
    assert "does not exist: write it with countersign init" in capsys.readouterr().err


def test_what_a_page_says_cannot_move_the_cursor(home, capsys):
    (home / "countersign.yaml").write_text(PAGE.replace("a-model", '"a\\e[2Jmodel"'))
    assert main(["config", "show", "--home", str(home)]) == 0
    assert "\x1b" not in capsys.readouterr().out
