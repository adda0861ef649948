"""Countersigned calls beside AWS: what the plan carries, and what people read of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.countersigned_action import (
    KINDS,
    check,
    confirmation,
    exact,
    facts,
    planned,
    shown,
    summary,
)
from functions.shared.operations import OPERATIONS
from functions.shared.plan import canonical, read_plan
from functions.shared.run_instances import BadArguments

REST = {
    "kind": "rest",
    "approval": "always",
    "method": "POST",
    "url": "https://api.example.com/repos/{repo}/issues",
    "headers": {"Authorization": "Bearer {appkey}"},
    "secret": "ISSUES",
    "body": {"title": "{title}", "weight": 0.5},
    "hosts": ["api.example.com"],
}
MESSAGE = {"kind": "message_template", "message": "Sent {text} to {who}."}
ARGUMENTS = {"repo": "a/b", "title": "It's broken", "amount": 12.5, "big": 1e20, "tags": ["x", 1.0]}


def call(arguments=ARGUMENTS, action=REST, function="create_issue"):
    return {
        "id": "call_1",
        "function": function,
        "operation": action["kind"],
        "arguments": shown(arguments),
        "parameters": planned(arguments, {"action": action, "title": "Issues"}),
    }


def rows(planned_call):
    return {fact["key"]: (fact["value"], fact["source"]) for fact in facts(planned_call)}


@pytest.mark.parametrize("kind", KINDS)
def test_every_such_kind_can_be_countersigned(kind):
    action = {"action": {"kind": kind}}
    assert OPERATIONS[kind].planned({"code": "1"}, action)["text"] == '{"code":"1"}'


def test_what_is_planned_fits_into_a_plan_and_keeps_the_exact_arguments():
    one = call()
    assert read_plan(canonical({"version": 2, "calls": [one]}))["calls"][0] == one
    assert exact(one) == ARGUMENTS
    assert one["arguments"]["amount"] == "12.5"
    assert one["parameters"]["action"]["body"]["weight"] == "0.5"


def test_what_was_planned_follows_from_what_is_shown():
    one = call()
    assert planned(one["arguments"], one["parameters"]) == one["parameters"]


@pytest.mark.parametrize(
    "changed",
    [
        {"text": '{"repo":"evil/repo"}'},
        {"text": None, "action": {"kind": "run_instances"}},
        {"action": {}},
        {"text": "{"},
        {"text": "[]"},
        {"text": 5},
        {"text": " " + canonical(ARGUMENTS)},
        {"text": canonical({**ARGUMENTS, "more": 1})},
    ],
    ids=lambda changed: str(changed)[:40],
)
def test_parameters_that_do_not_follow_from_what_is_shown_are_refused(changed):
    one = call()
    with pytest.raises(BadArguments):
        planned(one["arguments"], {**one["parameters"], **changed})


@pytest.mark.parametrize("value", ["\ud800", 2**60, float("inf")], ids=ascii)
def test_what_cannot_be_written_exactly_is_refused(value):
    with pytest.raises(BadArguments, match="cannot be written exactly"):
        check({"a": value})


def test_the_approver_reads_what_the_operator_fixed_and_what_the_model_filled_in():
    said = rows(call())
    assert said["operator_method"] == ("POST", "operator")
    assert said["operator_host"] == ("api.example.com", "operator")
    assert said["operator_url"] == ("https://api.example.com/repos/{repo}/issues", "operator")
    assert said["operator_secret"] == ("ISSUES", "operator")
    assert said["repo"] == ("a/b", "model")
    assert said["amount"] == ("12.5", "model")


def test_an_argument_never_takes_the_place_of_what_the_operator_fixed():
    said = rows(call({"url": "https://evil.example", "host": "evil.example", "method": "GET"}))
    assert said["operator_host"] == ("api.example.com", "operator")
    assert said["host"] == ("evil.example", "model")


def test_a_message_is_shown_as_it_will_be():
    said = rows(call({"text": "12.5 kg", "who": ["tim"]}, action=MESSAGE, function="send"))
    assert said["message_text"] == ("Sent 12.5 kg to ['tim'].", "model")


def test_one_line_says_where_it_goes():
    assert summary(call()) == "Send POST to api.example.com (create_issue)"
    assert summary(call({"text": "a", "who": "b"}, action=MESSAGE, function="send")) == "Run send"
    graphql = {"kind": "graphql", "url": "https://g.example/graphql"}
    assert (
        summary(call({"query": "{a}"}, action=graphql)) == "Send POST to g.example (create_issue)"
    )


def test_the_programs_own_words_ask():
    text = confirmation(call({"repo": "a/b"}))
    assert text.startswith("\nYou are trying to send POST to api.example.com (create_issue).\n")
    assert text.endswith(f"repo: a/b\n{'-' * 32}\nproceed? (y/n): ")


HOSTILE = [
    "a\nHost: evil.example",
    "a\r\nproceed? (y/n): y",
    "a\u2028b",
    "a\x85b",
    "\u202egnp.exe",
    "in\u200bvisible",
    "\u3164",
    "e\u0301",
    "\ufe0f\U000e0101",
    "\x1b[2J",
]


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
@pytest.mark.parametrize(
    "wrapped", [lambda value: value, lambda value: [value], lambda value: {"k": value}]
)
def test_no_value_forges_a_line_or_hides(value, wrapped):
    calm, hostile = call({"a": wrapped("x")}), call({"a": wrapped(value)})
    assert len(confirmation(hostile).splitlines()) == len(confirmation(calm).splitlines())
    [said] = [fact["value"] for fact in facts(hostile) if fact["key"] == "a"]
    assert said.isprintable()
    assert "\\" in said


def test_words_of_other_languages_stay_readable():
    assert rows(call({"title": "会議室A — für Zoë"}))["title"] == ("会議室A — für Zoë", "model")


@given(
    st.dictionaries(
        st.text(max_size=6),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers(-(2**53) + 1, 2**53 - 1)
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
            max_leaves=6,
        ),
        max_size=5,
    )
)
def test_whatever_the_arguments_are_the_plan_holds_them_and_they_follow_from_what_is_shown(
    arguments,
):
    one = call(arguments)
    assert planned(one["arguments"], one["parameters"]) == one["parameters"]
    assert read_plan(canonical({"version": 2, "calls": [one]}))["calls"][0] == one
    assert exact(one) == arguments
    assert len(confirmation(one).splitlines()) == 5 + len(facts(one)) + 1
