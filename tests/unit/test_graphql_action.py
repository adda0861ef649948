"""The kind `graphql`: attack case F10, what is sent, and what an answer means."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from functions.run_action.failure import ActionFailed
from functions.run_action.fetch import Answer
from functions.run_action.graphql import NeedsApproval, request_of, result
from functions.run_action.secrets import Secret

URL = "https://api.example.com/graphql"


def request(query=None, *, is_approved=False, secret=None, arguments=None, **action):
    given_arguments = {**({"query": query} if query is not None else {}), **(arguments or {})}
    return request_of({"url": URL, **action}, given_arguments, secret, is_approved=is_approved)


def body_of(made):
    return json.loads(made.body)


def refused(query=None, **more):
    with pytest.raises(ActionFailed) as failed:
        request(query, **more)
    return failed.value.code


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("{ me }", "{ me }"),
        ("query { me }", "query { me }"),
        ("query Named { me }", "query Named { me }"),
        ("Named { me }", "query Named { me }"),
        ("Q($id: ID) { me(id: $id) }", "query Q($id: ID) { me(id: $id) }"),
        ("($id: ID) { me(id: $id) }", "query ($id: ID) { me(id: $id) }"),
        ("# why\n{ me }", "# why\n{ me }"),
        ("{ ...F } fragment F on T { me }", "{ ...F } fragment F on T { me }"),
    ],
)
def test_a_query_is_sent_as_it_is_or_with_its_keyword(written, sent):
    made = request(written)
    assert (made.method, made.url) == ("POST", URL)
    assert made.headers["Content-Type"] == "application/json"
    assert body_of(made) == {"query": sent}


def alias_bomb(count):
    return "{ " + " ".join(f"a{number}: me" for number in range(count)) + " }"


def deep(levels):
    return "{ a " * levels + "{ b }" + " }" * levels


def fragments_in_fragments(levels):
    """Ten spreads of the next one at each level: ten to the power of levels in a few hundred characters."""
    spread = " ".join(["...F{}"] * 10)
    fragments = [
        f"fragment F{number} on T {{ {spread.replace('{}', str(number + 1))} }}"
        for number in range(levels)
    ]
    return "{ ...F0 } " + " ".join(fragments) + f" fragment F{levels} on T {{ me }}"


def chain_of_fragments(count):
    links = [f"fragment F{one} on T {{ ...F{one + 1} }}" for one in range(count)]
    return "{ ...F0 } " + " ".join(links) + f" fragment F{count} on T {{ me }}"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("mutation { delete }", "graphql_operations"),
        ("mutation M($id: ID) { delete(id: $id) }", "graphql_operations"),
        ("# query\nmutation { delete }", "graphql_operations"),
        ("subscription { news }", "graphql_operations"),
        ("{ a } { b }", "graphql_operations"),
        ("query A { a } mutation B { b }", "graphql_operations"),
        ("query A { a } query B { b }", "graphql_operations"),
        ("fragment F on T { a }", "graphql_operations"),
        ("type T { a: Int }", "graphql_operations"),
        ("{ a } extend type T { b: Int }", "graphql_operations"),
        ("{ __schema { types { name } } }", "graphql_introspection"),
        ('{ a { b { x: __type(name: "T") { name } } } }', "graphql_introspection"),
        ("{ ...F } fragment F on Query { __schema { types { name } } }", "graphql_introspection"),
        ("{ ... on Query { __schema { types { name } } } }", "graphql_introspection"),
        (deep(17), "graphql_too_large"),
        (deep(100), "graphql_too_large"),
        (deep(1000), "graphql_syntax"),
        (chain_of_fragments(400), "graphql_too_large"),
        (alias_bomb(41), "graphql_too_large"),
        ("{ " + "me " * 401 + "}", "graphql_too_large"),
        (fragments_in_fragments(30), "graphql_too_large"),
        ("{ me(list: " + "[" * 3000 + "]" * 3000 + ") }", "graphql_syntax"),
        ("{ me(list: " + "[" * 1500 + "]" * 1500 + ") }", "graphql_syntax"),
        ("{ me " + "# comment\n" * 5000 + "}", "graphql_syntax"),
        ("{ me " + " " * 40_000 + "}", "graphql_syntax"),
        ("{ ...F } fragment F on T { ...G } fragment G on T { ...F }", "graphql_syntax"),
        ("{ ...Nobody }", "graphql_syntax"),
        ("{ ...F } fragment F on T { a } fragment F on T { b }", "graphql_syntax"),
        ("{ me {", "graphql_syntax"),
        ("", "graphql_syntax"),
        ("[{ a }, { b }]", "graphql_syntax"),
        ('{ me(name: "unterminated) }', "graphql_syntax"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_f10_what_may_not_be_asked_is_refused_before_anything_is_sent(query, code):
    assert refused(query) == code


def test_the_model_is_told_where_its_query_breaks_off():
    with pytest.raises(ActionFailed, match="Syntax Error: Expected Name"):
        request("{ company { ")


def test_the_schema_may_be_asked_for_where_the_manifest_says_so():
    assert request("{ __schema { types { name } } }", introspection=True)
    assert request("{ me { __typename } }")


def test_a_mutation_that_the_manifest_allows_waits_for_its_countersignature():
    operations = ["query", "mutation"]
    with pytest.raises(NeedsApproval):
        request("mutation { close }", operations=operations)
    made = request("mutation { close }", operations=operations, is_approved=True)
    assert body_of(made)["query"] == "mutation { close }"
    assert refused("mutation { close }", operations=["query"], is_approved=True) == (
        "graphql_operations"
    )
    assert refused("{ me }", operations=["mutation"]) == "graphql_operations"


@pytest.mark.parametrize(
    ("variables", "sent"),
    [({"id": "5e9d"}, {"id": "5e9d"}), ('{"id": 7}', {"id": 7}), ({"id": {"a": [1]}},) * 2],
)
def test_variables_are_sent_beside_the_query(variables, sent):
    made = request("query Q($id: X!) { me(id: $id) }", arguments={"variables": variables})
    assert body_of(made)["variables"] == sent


@pytest.mark.parametrize("variables", ["{", "[1]", [1], "7", 7])
def test_variables_that_are_no_object_are_told(variables):
    assert refused("{ me }", arguments={"variables": variables}) == "bad_argument"


def test_a_variable_that_the_query_needs_and_nobody_gives_is_named():
    with pytest.raises(ActionFailed, match="'id'"):
        request("query Q($id: ID!, $n: Int! = 3, $m: Int) { me(id: $id, n: $n, m: $m) }")


FIXED = "query Q($name: String!, $first: Int) { find(name: $name, first: $first) { id } }"


@given(some.text(some.characters(exclude_categories=["Cs"]), max_size=80))
def test_f10_an_argument_is_never_part_of_a_fixed_document(value):
    made = request(document=FIXED, arguments={"name": value, "other": "x"})
    assert body_of(made) == {"query": FIXED, "variables": {"name": value}}


def test_what_the_model_writes_does_not_replace_a_fixed_document():
    made = request("mutation { evil }", document=FIXED, arguments={"name": "x"})
    assert body_of(made)["query"] == FIXED
    assert refused(document=FIXED) == "missing_argument"


def test_the_secret_goes_into_its_header_and_no_argument_stands_for_it():
    key, headers = Secret("KEY", "k3y"), {"Authorization": "bearer {appkey}"}
    made = request("{ me }", secret=key, headers=headers)
    assert made.headers["Authorization"] == "bearer k3y"
    assert b"k3y" not in made.body
    assert refused("{ me }", secret=key, headers=headers, arguments={"appkey": "evil"}) == (
        "bad_argument"
    )
    fixed = "query Q($appkey: String) { me(key: $appkey) }"
    assert body_of(request(document=fixed, secret=key)) == {"query": fixed}


def said(body, status=200):
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return result(Answer(status, "Reason", {"content-type": "application/json"}, content))


def test_the_data_of_an_answer_is_told_as_json():
    assert said('{"data":{"ceo":"東京"}}') == (True, '{"ceo": "\\u6771\\u4eac"}')
    assert said({"data": None}) == (True, "null")
    assert said({"data": {"a": 1}, "errors": []}) == (True, '{"a": 1}')


@pytest.mark.parametrize("status", [200, 400])
def test_errors_are_told_with_the_data_that_came_with_them(status):
    was_done, text = said({"data": {"a": 1}, "errors": [{"message": "no b"}, "odd"]}, status)
    assert not was_done
    told = json.loads(text)
    assert (told["errors"], told["data"]) == (["no b", "odd"], {"a": 1})
    assert str(status) in told["error"]


@pytest.mark.parametrize(
    "body", ["<html>", "", "[]", "[{}]", "7", "{}", '{"date": 1}', "[" * 100_000, "\x00"]
)
def test_an_answer_that_is_no_graphql_result_is_told(body):
    was_done, text = said(body)
    assert not was_done
    assert json.loads(text)["code"] == "graphql_answer"


def test_a_status_that_is_no_success_is_told():
    was_done, text = said("oops", 502)
    assert (was_done, "502" in text, "oops" in text) == (False, True, True)
