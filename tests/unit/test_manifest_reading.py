"""A manifest's file is read in one way or not at all; what is wrong names file, line and key."""

import json

import pytest

from infra.manifests.source import LARGEST_FILE
from tests.support.manifests import GREET, Author, codes

HEAD = "version: 2\ntitle: One\nprompt: Be one.\n"
BOMB = "\n".join(
    [
        "a0: &a0 [x, x, x, x, x, x, x, x, x, x]",
        *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)),
    ]
)


@pytest.fixture
def author(tmp_path):
    return Author(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "code", "line"),
    [
        ("one.yaml", HEAD + "samples: !!python/object/apply:os.system [id]\n", "yaml_tag", 4),
        ("one.yaml", HEAD + "samples: !!python/name:os.system ''\n", "yaml_tag", 4),
        ("one.yaml", HEAD + "about: !!binary aGk=\n", "yaml_tag", 4),
        ("one.yaml", HEAD + "samples: !!set {a, b}\n", "yaml_tag", 4),
        ("one.yaml", HEAD + "samples: !own [a]\n", "yaml_tag", 4),
        ("one.yaml", BOMB, "alias_bomb", None),
        ("one.yaml", HEAD + "samples: &s [*s]\n", "alias_bomb", 4),
        ("one.yaml", HEAD + "title: Two\n", "duplicate_key", 4),
        ("one.yaml", HEAD + "limits:\n  seconds: 1\n  seconds: 2\n", "duplicate_key", 6),
        ("one.yaml", HEAD + "samples:\n\t- a\n", "bad_yaml", 5),
        ("one.yaml", HEAD + "samples: [a\n", "bad_yaml", 5),
        ("one.yaml", HEAD + "---\ntitle: Two\n", "bad_yaml", 4),
        ("one.yaml", HEAD + "on: true\n", "bad_key", 4),
        ("one.yaml", HEAD + "? [a, b]\n: c\n", "bad_key", 4),
        ("one.yaml", HEAD + "temperature: .inf\n", "bad_number", 4),
        ("one.yaml", HEAD + "temperature: 9007199254740993\n", "bad_number", 4),
        ("one.yaml", HEAD + f"samples: {'[' * 80}{']' * 80}\n", "too_deep", None),
        ("one.yaml", HEAD + f"samples: {'{a: ' * 20_000}", "too_deep", None),
        ("one.yaml", HEAD + "about: \x07\n", "bad_yaml", None),
        ("one.yaml", b"title: \xff\xfe\n", "bad_encoding", 1),
        ("one.yaml", "about: " + "x" * LARGEST_FILE, "too_large", None),
        ("one.yaml", "- a list\n", "bad_manifest", 1),
        ("one.yaml", "", "bad_manifest", None),
        ("one.json", '{"title": "One",\n "title": "Two"}', "duplicate_key", 2),
        ("one.json", '{"a": [{"b": 1}, {"c": 1,\n"c": 2}]}', "duplicate_key", 2),
        ("one.json", '{"title": "One",\n}', "bad_json", 2),
        ("one.json", '{"temperature": NaN}', "bad_number", 1),
        ("one.json", '{"temperature":\n 9007199254740993}', "bad_number", 1),
        ("one.json", '{"temperature": 1e999}', "bad_number", 1),
        ("one.json", '{"temperature": ' + "9" * 5_000 + "}", "bad_number", None),
        ("one.json", '{"title": "\\ud800"}', "bad_text", 1),
        ("one.json", "[" * 100_000, "too_deep", None),
        ("one.json", '{"about": "' + "x" * LARGEST_FILE + '"}', "too_large", None),
        ("one.json", "[1]", "bad_manifest", 1),
        ("One File.yaml", HEAD, "bad_id", None),
    ],
)
def test_g5_a_file_that_readers_could_take_differently_is_refused(
    author, name, content, code, line
):
    verdict = author.verdict(content, name)
    assert verdict.agent is None
    [problem] = [problem for problem in verdict.problems if problem.code == code]
    assert problem.file == name
    if line is not None:
        assert problem.line == line


def test_g5_fifty_megabytes_are_not_read_into_memory(author, tmp_path):
    file = tmp_path / "agents" / "one.yaml"
    with file.open("wb") as opened:
        opened.truncate(50_000_000)
    from infra.manifests.compile import compile_manifest

    assert codes(compile_manifest(file)) == ["too_large"]


def test_every_key_that_stands_twice_is_told_at_once(author):
    verdict = author.verdict(HEAD + "title: Two\nprompt: Be two.\n")
    assert [(one.key, one.line) for one in verdict.problems] == [("title", 4), ("prompt", 5)]


def test_a_problem_is_one_line_with_file_line_key_and_code(author):
    verdict = author.verdict(HEAD + "actions:\n  greet:\n    kind: shell\n")
    assert str(verdict.problems[0]).startswith("one.yaml:6: actions.greet.kind: unknown kind")
    assert str(verdict.problems[0]).endswith("[unknown_kind]")


def test_a_problem_names_the_key_as_it_was_written(author):
    verdict = author.verdict(HEAD + "actions:\n  greet:\n    type: shell\n")
    assert str(verdict.problems[0]).startswith("one.yaml:6: actions.greet.type: ")


def test_a_json_file_s_lines_are_found_with_tabs_and_braces_in_texts(author):
    text = '{\n\t"version": 2,\n\t"title": "a { [ \\" }",\n\t"prompt": "p",\n\t"nonsense": [{}]\n}'
    [problem] = author.verdict(text, "one.json").problems
    assert (problem.code, problem.key, problem.line) == ("unknown_key", "nonsense", 5)


def test_what_a_file_says_cannot_write_on_the_terminal(author):
    verdict = author.verdict(
        json.dumps({"version": 2, "title": "a", "\x1b[2K\r\u202e": 1}), "a.json"
    )
    assert all(str(problem).isprintable() for problem in verdict.problems)


def test_aliases_and_merges_within_bounds_are_read(author):
    text = HEAD + "samples: &s [a, b]\nintro: *s\n"
    assert author.verdict(text).compiled()["intro"] == ["a", "b"]
    merged = (
        "version: 2\ntitle: One\nprompt: Be one.\nfunctions:\n  - &f\n    name: greet\n"
        "    parameters: {type: object}\n  - <<: *f\n    name: wave\n"
    )
    names = [function["name"] for function in author.verdict(merged).compiled()["functions"]]
    assert names == ["greet", "wave"]


def test_a_date_and_a_byte_order_mark_stay_text(author):
    text = "\ufeffversion: 2\ntitle: 2026-01-02\nprompt: Be one.\n"
    assert author.verdict(text).compiled()["title"] == "2026-01-02"


def test_a_mistake_in_a_file_of_functions_names_that_file_and_its_line(author):
    author.file(
        "resources/functions.json", '[\n {"name": "greet",\n  "parameters": {"type": "string"}}\n]'
    )
    [problem] = author.ours(functions="resources/functions.json").problems
    assert str(problem).startswith("one.yaml: resources/functions.json:3: 0.parameters.type: ")
    assert problem.file == "one.yaml"


def test_functions_reach_the_model_with_their_members_in_order(author):
    written = {"parameters": GREET["parameters"], "description": "Greet.", "name": "greet"}
    [function] = author.ours(functions=[written]).compiled()["functions"]
    assert json.dumps(function) == json.dumps(written)
