"""Countersigned Python: what the plan binds, and what people read of a cell or of a call of the operator's file."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.code_forms import code_of
from functions.shared.countersigned_action import exact, planned, shown
from functions.shared.operations import OPERATIONS
from functions.shared.plan import canonical, digest_of, read_plan
from functions.shared.plan_words import is_in_aws, sentence_of
from functions.shared.run_instances import BadArguments
from functions.shared.visible_text import visible_code

SANDBOX = {"confinement": "vpc", "seconds": 30}
NOTEBOOK = {"kind": "notebook", "approval": "always"}
MODULE = {"kind": "module", "approval": "always", "file": "figures.py", "sha256": "a" * 64}
LINES = {
    "code": ["import pandas as pd", "df = pd.read_csv('sales.csv')", "df.head()"],
    "query": "first rows",
}
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NO_CODE = [{}, {"code": []}, {"code": [1]}, {"code": None}, {"code": {"a": 1}}]
NUMBERS = {"numbers": [1, 2.5], "title": "a\nb"}


def call(arguments, action=NOTEBOOK, function="run_python_code", sandbox=SANDBOX):
    fixed = {"action": action, "title": "Analyst", **({"sandbox": sandbox} if sandbox else {})}
    return {
        "id": "call_1",
        "function": function,
        "operation": action["kind"],
        "arguments": shown(arguments),
        "parameters": OPERATIONS[action["kind"]].planned(arguments, fixed),
    }


def facts(one):
    return OPERATIONS[one["operation"]].facts(one)


def row(one, key):
    [found] = [fact for fact in facts(one) if fact["key"] == key]
    return found


def digest(one):
    return digest_of(canonical({"version": 2, "calls": [one]}))


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        ({"code": ["a = 1", "  a"]}, "a = 1\n  a\n"),
        ({"code": ["a = 1\n", "a"]}, "a = 1\na\n"),
        ({"code": "a = 1\na"}, "a = 1\na"),
        ({"code": ["if a:\n\tb", "c "]}, "if a:\n⟨tab⟩b\nc⟨space⟩\n"),
    ],
)
@pytest.mark.parametrize("function", ["run_python_code", "python"])
def test_the_code_is_shown_in_its_lines(arguments, value, function):
    code = row(call(arguments, function=function), "code")
    assert code == {
        "key": "code",
        "label": "Code",
        "value": value,
        "source": "model",
        "level": "plain",
        "form": "code",
    }


@given(TEXT | st.lists(TEXT, min_size=1))
def test_what_is_shown_is_what_runs(code):
    try:
        one = call({"code": code})
    except BadArguments:
        return
    assert row(one, "code")["value"] == visible_code(code_of("python", exact(one)))
    assert read_plan(canonical({"version": 2, "calls": [one]}))["calls"][0] == one
    assert planned(one["arguments"], one["parameters"]) == one["parameters"]


def test_a_diagram_is_shown_as_it_was_written_and_said_to_be_drawn():
    one = call({"code": ["graph TD;", "A-->B;"]}, function="draw_diagram")
    assert row(one, "code")["value"] == "graph TD;\nA-->B;\n"
    assert row(one, "code")["label"] == "Diagram"
    assert (
        row(one, "operator_runs")["value"] == "a diagram is drawn in this conversation's notebook"
    )
    assert OPERATIONS["notebook"].summary(one).startswith("Draw a diagram in the conversation's")


def test_the_approver_reads_what_it_is_and_where_it_runs():
    one = call(LINES)
    assert [fact["key"] for fact in facts(one)] == [
        "operator_runs",
        "operator_sandbox",
        "code",
        "query",
    ]
    assert row(one, "operator_sandbox")["value"] == (
        "in the sandbox: no network, no rights in AWS, at most 30 seconds"
    )
    plan = {"calls": [one]}
    assert not is_in_aws(plan)
    sentence = "Run Python in the conversation's notebook (run_python_code)."
    assert sentence_of(plan) == sentence


@pytest.mark.parametrize(
    ("sandbox", "words"),
    [
        (None, "in the sandbox"),
        ({}, "in the sandbox"),
        ({"confinement": "of tomorrow", "seconds": 5}, "in the sandbox, at most 5 seconds"),
        (
            {"confinement": "namespaces", "seconds": 30},
            "in the sandbox on this machine: no network, no credentials, at most 30 seconds",
        ),
        (
            {"confinement": "unconfined", "seconds": 30},
            "on this machine, NOT fully confined, at most 30 seconds",
        ),
    ],
    ids=str,
)
def test_only_what_the_plan_holds_is_said_of_the_sandbox(sandbox, words):
    said = row(call(LINES, sandbox=sandbox), "operator_sandbox")
    assert said["value"] == words
    assert (said["level"] == "warning") == ("NOT" in words)


def test_a_module_is_named_with_its_function_its_file_and_its_hash():
    one = call(NUMBERS, action=MODULE, function="total")
    said = {fact["key"]: (fact["value"], fact["source"]) for fact in facts(one)}
    assert said["operator_runs"] == ("the function total of your operator's file", "operator")
    assert said["operator_file"] == ("figures.py", "operator")
    assert said["operator_sha256"] == ("a" * 64, "operator")
    assert said["title"] == ("a\\u000ab", "model")
    assert said["numbers"] == ('[1, "2.5"]', "model")
    assert OPERATIONS["module"].summary(one) == "Run total of the file figures.py"


def test_a_module_s_argument_is_never_taken_for_code():
    one = call({"code": "a\nb", "file": "evil.py"}, action=MODULE, function="total")
    assert row(one, "code")["value"] == "a\\u000ab"
    assert "form" not in row(one, "code")
    assert row(one, "operator_file")["value"] == "figures.py"


def test_a_changed_character_is_another_digest():
    one = call(LINES)
    lines = [*LINES["code"][:-1], "df.head( )"]
    assert digest(call({**LINES, "code": lines})) != digest(one)
    assert digest(call(LINES, action={**MODULE, "sha256": "b" * 64})) != digest(
        call(LINES, action=MODULE)
    )
    assert digest(call(LINES, sandbox={**SANDBOX, "seconds": 31})) != digest(one)


@pytest.mark.parametrize(
    "changed",
    [
        {"code": [*LINES["code"], "import os"]},
        {"code": "\n".join(LINES["code"])},
        {"code": [line + " " for line in LINES["code"]]},
        {"code": [*LINES["code"][:-1], "df.hеad()"]},
    ],
    ids=ascii,
)
def test_code_that_runs_otherwise_than_it_is_shown_is_refused(changed):
    one = call(LINES)
    text = canonical({**LINES, **changed})
    with pytest.raises(BadArguments, match="not those that are shown"):
        planned(one["arguments"], {**one["parameters"], "text": text})
    with pytest.raises(BadArguments, match="not those that are shown"):
        planned({**one["arguments"], **changed}, one["parameters"])


@pytest.mark.parametrize("arguments", NO_CODE, ids=str)
def test_a_call_without_code_is_refused_before_anybody_is_asked(arguments):
    with pytest.raises(BadArguments, match="holds no code"):
        OPERATIONS["notebook"].check(arguments)
    with pytest.raises(BadArguments, match="holds no code"):
        planned(arguments, {"action": NOTEBOOK})


def test_code_that_is_nothing_but_marks_is_refused_before_anybody_is_asked():
    with pytest.raises(BadArguments, match="too many hidden characters"):
        OPERATIONS["notebook"].check({"code": "\u200b\u200c" * 3000})
    assert OPERATIONS["notebook"].check({"code": "x = 1\n" * 2500})


@pytest.mark.parametrize("value", ["\ud800", 2**60], ids=ascii)
def test_what_cannot_be_written_exactly_is_refused(value):
    with pytest.raises(BadArguments, match="cannot be written exactly"):
        OPERATIONS["notebook"].check({"code": "a", "query": value})


FORGED = [
    "a\n--------------------------------",
    "\nproceed? (y/n): ",
    "\nWhere: nowhere\nCode:",
    "\r\nx",
]


@pytest.mark.parametrize("code", FORGED, ids=ascii)
def test_no_line_of_code_passes_for_a_line_of_ours(code):
    text = OPERATIONS["notebook"].confirmation(call({"code": code, "query": code}))
    rule = "-" * 32
    assert text.splitlines().count(rule) == 2
    assert text.count("\nproceed? (y/n): ") == 1
    assert text.count("\nWhere: ") == 1


def test_the_confirmation_holds_all_of_the_code_behind_numbers():
    text = OPERATIONS["notebook"].confirmation(call(LINES))
    assert text.startswith(
        "\nYou are trying to run Python in the conversation's notebook (run_python_code).\n"
        "Below is what will run and what the model filled in.\n"
    )
    assert (
        "Code:\n1 | import pandas as pd\n2 | df = pd.read_csv('sales.csv')\n3 | df.head()\n4 | \nquery: first rows\n"
        in text
    )


def test_where_to_look_twice_is_a_warning_before_the_code():
    one = call({"code": "a = 1\nb\u202e = 2"})
    warning, code = facts(one)[2:4]
    assert (warning["key"], warning["level"], warning["source"]) == (
        "code_hidden",
        "warning",
        "countersign",
    )
    assert (warning["label"], warning["value"]) == ("Hidden characters in lines", "2")
    assert code["value"] == "a = 1\nb⟨U+202E⟩ = 2"


def test_a_draft_that_holds_no_code_is_still_shown():
    one = {**call(LINES), "arguments": {"code": 5}}
    assert row(one, "code")["value"] == json.dumps(5)
