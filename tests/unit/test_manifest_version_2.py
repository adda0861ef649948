"""Manifests of our own format: every key is known, everything that is wrong is told at once by a stable code."""

import json

import pytest

from functions.shared.agent import Agent
from functions.shared.kinds import KINDS
from infra.agents import agents_of, groups_named, hosts_of, read_folder, secrets_named
from infra.manifests.codes import ERRORS, WARNINGS
from infra.manifests.problems import BadManifest
from infra.page import ROOT
from tests.support.manifests import GREET, Author, acting, codes

GET = acting("rest", url="https://api.example.com/{name}")


@pytest.fixture
def author(tmp_path):
    return Author(tmp_path)


def test_a_manifest_that_says_little_compiles_to_little(author):
    compiled = author.ours().compiled()
    assert set(compiled) == {"title", "prompt", "digest"}
    agent = Agent.of("one", compiled)
    assert agent.version == 2
    assert agent.temperature is None
    assert agent.tools() == []


def test_a_no_is_said_too(author):
    agent = Agent.of("one", author.ours(functions=[GREET], parallel_tool_calls=False).compiled())
    assert agent.model_options() == {"parallel_tool_calls": False}


def test_everything_that_is_wrong_is_told_at_once(author):
    verdict = author.ours(
        titel="One",
        temperature=3,
        resource="gone.txt",
        policy={"wave": {"approval": "never"}},
        limits={"seconds": 0},
        functions=[GREET, {"name": "a b"}, {"name": "c", "parameters": {"type": "string"}}],
        actions={
            "greet": {"kind": "rest", "url": "https://{name}.example.com/"},
            "c": {"kind": "shell"},
        },
    )
    assert sorted(codes(verdict)) == [
        "bad_schema",
        "bad_value",
        "bad_value",
        "bad_value",
        "file_missing",
        "host_not_literal",
        "no_such_function",
        "unknown_key",
        "unknown_kind",
    ]


@pytest.mark.parametrize(
    ("members", "code", "key"),
    [
        ({"sampels": []}, "unknown_key", "sampels"),
        ({"title": ""}, "bad_value", "title"),
        ({"prompt": " "}, "missing_key", "prompt"),
        ({"version": 3}, "bad_value", "version"),
        ({"temperature": "0.5"}, "bad_value", "temperature"),
        ({"temperature": 2.5}, "bad_value", "temperature"),
        ({"starts": "yes"}, "bad_value", "starts"),
        ({"limits": {"tokens": 10}}, "bad_value", "limits.tokens"),
        ({"limits": {"minutes": 1}}, "unknown_key", "limits.minutes"),
        ({"egress": {"hosts": ["*.example.com"]}}, "bad_value", "egress.hosts.0"),
        ({"egress": {"hosts": ["https://example.com"]}}, "bad_value", "egress.hosts.0"),
        ({"access": {"use": ["a group"]}}, "bad_value", "access.use.0"),
        ({"policy": {"wave": {"approval": "always"}}}, "no_such_function", "policy.wave"),
        ({"tool_choice": "sometimes"}, "bad_value", "tool_choice"),
        ({"function_call": "wave"}, "no_such_function", "function_call"),
        ({"agents": ["gone"]}, "unknown_agent", "agents.0"),
        ({"slots_processor": "work"}, "no_slots", "slots_processor"),
        ({"actions": {"wave": {"kind": "client"}}}, "no_such_function", "actions.wave"),
        ({"functions": [{**GREET, "temperature": 1}]}, "unknown_key", "functions.0.temperature"),
        ({"functions": [GREET, GREET]}, "duplicate_function", "functions"),
        (acting("module"), "missing_key", "actions.greet"),
        (acting("rest", url="ftp://example.com/"), "bad_url", "actions.greet.url"),
        (acting("rest", url="https://me@example.com/"), "bad_url", "actions.greet.url"),
        (acting("rest", url="https://ex ample.com/"), "bad_url", "actions.greet.url"),
        (acting("rest", url="https://example.com/{"), "bad_url", "actions.greet.url"),
        (acting("rest", url="https://{name}/"), "host_not_literal", "actions.greet.url"),
        (acting("rest", url="https://a.{name}.com/"), "host_not_literal", "actions.greet.url"),
        (acting("rest", url="https://example.com{name}"), "host_not_literal", "actions.greet.url"),
        (
            acting("rest", url="https://example.com:{name}/"),
            "host_not_literal",
            "actions.greet.url",
        ),
        (acting("rest", url="https://[::1]/"), "host_not_literal", "actions.greet.url"),
        (
            acting("rest", url="https://example.com/{nick}"),
            "unknown_placeholder",
            "actions.greet.url",
        ),
        (
            acting("message_template", message="{nick}"),
            "unknown_placeholder",
            "actions.greet.message",
        ),
        (acting("rest", url="https://a.example/{appkey}"), "secret_missing", "actions.greet.url"),
        (
            acting("rest", url="https://a.example/", secret="KEY"),
            "secret_unused",
            "actions.greet.secret",
        ),
        (
            acting("rest", url="http://a.example/{appkey}", secret="KEY"),
            "secret_in_the_clear",
            "actions.greet.url",
        ),
        (
            acting("rest", url="https://a.example/", headers={"Host": "b.example"}),
            "bad_header",
            "actions.greet.headers",
        ),
        (
            acting("rest", url="https://a.example/", headers={"A": "b\r\nC: d"}),
            "bad_header",
            "actions.greet.headers",
        ),
        (
            acting("rest", url="https://a.example/", seconds=60),
            "bad_value",
            "actions.greet.seconds",
        ),
        (acting("aws", operation="create_user"), "unknown_operation", "actions.greet.operation"),
        (acting("aws", operation="run_instances"), "no_instance_types", "functions.greet"),
        (acting("aws", operation="rest"), "unknown_operation", "actions.greet.operation"),
        (acting("slots", operation="*"), "unknown_kind", "actions.greet.kind"),
        (
            acting("data_url", template="t.txt", mime_type="text/html", message="{url}"),
            "mime_type_refused",
            "actions.greet.mime_type",
        ),
        (
            acting("emit", method="switch_session", data={"agent": "gone"}),
            "unknown_agent",
            "actions.greet.data.agent",
        ),
        (
            acting("emit", method="switch_session", data={"agent": "{name}"}),
            "agents_unbounded",
            "actions.greet.data",
        ),
        (
            acting("document", document="AWS-Run", version="$LATEST", role="arn:aws:iam::1:role/a"),
            "bad_value",
            "actions.greet.version",
        ),
    ],
)
def test_what_is_wrong_has_a_code_and_a_key(author, members, code, key):
    author.file("t.txt", "text")
    verdict = author.ours(**members)
    assert (code, key) in [(problem.code, problem.key) for problem in verdict.problems]
    assert verdict.agent is None


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {},
        {"type": "object", "properties": {"a": {"type": "nothing"}}},
        {"type": "object", "properties": {"a": {"$ref": "https://example.com/schema"}}},
        {"type": "object", "properties": {"a": {"$ref": "file:///etc/passwd"}}},
        {"type": "object", "properties": [1]},
        {"type": "object", "properties": None},
        {"type": "object", "properties": {"a": True}},
        {"type": "object", "properties": {"a": {"enum": 3}}},
        {"type": "object", "required": "name"},
    ],
)
def test_a_schema_that_the_chat_cannot_check_is_refused(author, schema):
    verdict = author.ours(functions=[{"name": "greet", "parameters": schema}])
    assert codes(verdict) == ["bad_schema"]


def test_a_schema_may_refer_to_its_own_parts(author):
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/definitions/word"}},
        "definitions": {"word": {"type": "string"}},
    }
    assert author.ours(functions=[{"name": "greet", "parameters": schema}]).compiled()


def test_yaml_s_booleans_in_an_enum_of_texts_are_an_oversight(author):
    text = (
        "version: 2\ntitle: One\nprompt: Be one.\nfunctions:\n  - name: switch\n    parameters:\n"
        "      type: object\n      properties: {to: {type: string, enum: [on, off]}}\n"
    )
    [problem] = author.verdict(text).problems
    assert (problem.code, problem.line) == ("bad_enum", 8)
    assert "put a text into quotes" in problem.message


def test_what_a_stack_has_to_know_of_its_agents_is_told(author):
    author.ours(**GET, access={"use": ["staff"], "approve": ["security", "staff"]})
    secret = acting("rest", url="https://b.example/{appkey}", secret="SERVICE_KEY")
    author.ours("two.yaml", **secret)
    compiled = agents_of(read_folder(author.agents))
    assert secrets_named(compiled) == ["SERVICE_KEY"]
    assert hosts_of(compiled) == ["api.example.com", "b.example"]
    assert groups_named(compiled) == ["security", "staff"]


def test_every_problem_of_every_manifest_of_a_folder_is_told_at_once(author):
    author.ours(titel="One")
    author.ours("two.yaml", temperature=9)
    with pytest.raises(BadManifest) as caught:
        agents_of(read_folder(author.agents))
    assert [problem.file for problem in caught.value.problems] == ["one.yaml", "two.yaml"]
    assert len(str(caught.value).splitlines()) == 2


def test_every_code_of_the_table_is_given_somewhere():
    files = [ROOT / "infra" / "agents.py", *(ROOT / "infra" / "manifests").glob("*.py")]
    written = "".join(file.read_text() for file in files if file.name != "codes.py")
    assert [code for code in (*ERRORS, *WARNINGS) if f'"{code}"' not in written] == []


def test_every_kind_that_a_manifest_may_write_is_a_kind_of_the_product(author):
    from infra.manifests.actions import MODELS

    assert set(MODELS) == set(KINDS) - {"slots"}


def test_equal_manifests_give_equal_values_whatever_the_language(author):
    yaml_value = author.ours(**GET).compiled()
    text = json.dumps({"prompt": "Be one.", "title": "One", "version": 2, **GET})
    assert author.verdict(text, "one.json").compiled() == yaml_value
