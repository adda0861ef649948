"""Manifests of SlashGPT load as they are: its words and loose values; what this product does not do is told."""

import json

import pytest

from functions.shared.agent import Agent
from tests.support.manifests import GREET, Author, acting, codes, warned

CALENDAR = {
    "title": "Calendar",
    "x-module": "./resources/calendar.py",
    "temperature": 0,
    "functions": "./resources/functions/calendar.json",
    "actions": {
        "make_event": {
            "type": "data_url",
            "template": "./resources/event.ics",
            "mime_type": "text/calendar",
            "message": "{{ 'link': '{url}' }}",
        },
        "send_invitation": {"type": "message_template", "message": "Sent to {people}."},
    },
    "prompt": ["One.", "Now {now}."],
}


@pytest.fixture
def author(tmp_path):
    return Author(tmp_path)


def action_of(verdict, name="greet"):
    return verdict.compiled()["actions"][name]


@pytest.mark.parametrize(
    ("written", "members", "kind"),
    [
        ("rest", {"url": "https://example.com/{name}"}, "rest"),
        ("REST", {"url": "https://example.com/"}, "rest"),
        ("graphQL", {"url": "https://example.com/graphql"}, "graphql"),
        ("GRAPHQL", {"url": "https://example.com/graphql"}, "graphql"),
        ("Message_Template", {"message": "Hello {name}"}, "message_template"),
        (
            "data_url",
            {"template": "t.txt", "mime_type": "text/plain", "message": "{url}"},
            "data_url",
        ),
        ("Emit", {"emit_method": "switch_session", "emit_data": {"agent": "one"}}, "emit"),
    ],
)
def test_sg_02_an_action_says_its_type_in_any_case(author, written, members, kind):
    author.file("t.txt", "Hello {name}")
    for word in ("type", "kind"):
        action = {word: written, **members}
        verdict = author.slashgpt(functions=[GREET], actions={"greet": action})
        assert action_of(verdict)["kind"] == kind
        assert warned(verdict) == []


@pytest.mark.parametrize("place", ["inline", "json", "yaml"])
def test_sg_03_functions_are_inline_or_in_a_file(author, place):
    functions = [GREET]
    written = functions
    if place != "inline":
        author.file(f"resources/functions.{place}", functions)
        written = f"./resources/functions.{place}"
    assert author.slashgpt(functions=written).compiled()["functions"] == functions


def test_sg_10_one_manifest_holds_several_kinds_of_action(author):
    people = {"type": "object", "properties": {"people": {"type": "array"}}}
    summary = {"type": "object", "properties": {"SUMMARY": {"type": "string"}}}
    author.file(
        "resources/functions/calendar.json",
        [
            {"name": "make_event", "parameters": summary},
            {"name": "send_invitation", "parameters": people},
        ],
    )
    author.file("resources/event.ics", "BEGIN:VEVENT\nSUMMARY:{SUMMARY}\nEND:VEVENT")
    agent = Agent.of("calendar", author.verdict(CALENDAR, "calendar.json").compiled())
    assert {name: action.kind for name, action in agent.actions.items()} == {
        "make_event": "data_url",
        "send_invitation": "message_template",
    }
    assert "SUMMARY:{SUMMARY}" in agent.actions["make_event"].values["template"]
    assert agent.prompt == "One.\nNow {now}."


def test_sg_14_every_sample_is_a_starter_in_the_order_of_the_file(author):
    verdict = author.slashgpt(
        sample="First", title="T", sample_pri="Second", sample2="Third", samples=["Fourth"]
    )
    assert verdict.compiled()["samples"] == ["First", "Second", "Third", "Fourth"]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, {"temperature": 0.7}),
        ({"temperature": "0.0"}, {"temperature": 0.0}),
        ({"temperature": 0}, {"temperature": 0}),
        ({"prompt": "One line"}, {"prompt": "One line"}),
        ({"prompt": ["a", "b"]}, {"prompt": "a\nb"}),
        ({"bot": "Ann"}, {"name": "Ann"}),
        ({"intro": ["a", "b"]}, {"intro": ["a", "b"]}),
        ({"list": ["x", "y"]}, {"random": ["x", "y"]}),
        ({"form": "Do {question}."}, {"form": "Do {question}."}),
        ({"result_form": "It is {result}"}, {"result_form": "It is {result}"}),
        ({"skip_function_result": True}, {"skip_function_result": True}),
        ({"notebook": True}, {"notebook": True}),
        (
            {"functions": [GREET], "function_call": "greet"},
            {"tool_choice": {"type": "function", "function": {"name": "greet"}}},
        ),
    ],
)
def test_what_slashgpt_reads_is_compiled(author, members, expected):
    compiled = author.slashgpt(**members).compiled()
    assert expected.items() <= compiled.items()
    assert compiled["version"] == 1


def test_a_manifest_without_a_prompt_or_a_title_loads(author):
    compiled = author.verdict({"sample": "Hello"}, "plain.json").compiled()
    assert (compiled["title"], compiled["prompt"]) == ("plain", "")


@pytest.mark.parametrize(
    ("text", "inserted"),
    [
        ('{"a": "b\\nc"}', '{"a": "b\nc"}'),
        ("one \\\\ two", "one \\ two"),
        ("\\d \\1 \\q", "\\d \\1 \\q"),
        ("{resource} {now}", "{resource} {now}"),
    ],
)
def test_a_resource_stands_in_the_prompt_as_slashgpt_inserts_it(author, text, inserted):
    author.file("resources/about.txt", text)
    verdict = author.slashgpt(prompt=["Know", "{resource}"], resource="./resources/about.txt")
    assert verdict.compiled()["prompt"] == f"Know\n{inserted}"


def test_unknown_keys_are_told_once_and_change_nothing(author):
    odd = {**GREET, "temperature": 0.2}
    plain = author.slashgpt(functions=[GREET], actions={}).compiled()
    verdict = author.slashgpt(
        functions=[odd], actions={}, wip=True, modelx="gpt-4", **{"x-module": "a.py", "x_form": "b"}
    )
    [warning] = verdict.warnings
    assert warning.code == "unknown_key"
    for name in ("wip", "modelx", "x-module", "x_form", "functions.greet.temperature"):
        assert name in warning.message
    assert verdict.compiled() == plain


def test_names_in_required_that_are_no_property_are_ignored_with_a_warning(author):
    schema = {"type": "object", "properties": {"name": {}}, "required": ["name", "ghost"]}
    function = {"name": "greet", "parameters": schema}
    verdict = author.slashgpt(**acting("rest", function, url="https://example.com/{name}"))
    assert warned(verdict) == ["ghost_required"]
    compiled = verdict.compiled()
    assert compiled["functions"][0]["parameters"] == schema
    assert compiled["actions"]["greet"]["required"] == ["name"]


def test_an_action_with_a_url_and_no_type_is_a_request(author):
    verdict = author.slashgpt(
        functions=[GREET], actions={"greet": {"url": "https://example.com/?q={name}"}}
    )
    assert action_of(verdict)["kind"] == "rest"
    assert warned(verdict) == ["kind_missing"]


def test_a_key_of_a_service_is_a_secret_by_its_name(author):
    verdict = author.slashgpt(
        **acting(
            "rest",
            type="rest",
            url="https://example.com/?key={appkey}",
            appkey="SERVICE_KEY",
        )
    )
    assert codes(verdict) == ["said_twice"]
    action = {"type": "rest", "url": "https://example.com/?k={appkey}", "appkey": "SERVICE_KEY"}
    verdict = author.slashgpt(functions=[GREET], actions={"greet": action})
    assert action_of(verdict)["secret"] == "SERVICE_KEY"
    assert "appkey" not in action_of(verdict)


def test_a_post_goes_without_a_countersignature_and_its_author_is_told(author):
    verdict = author.slashgpt(**acting("rest", url="https://example.com/", method="POST"))
    assert "approval" not in action_of(verdict)
    assert warned(verdict) == ["ungated_write"]


def test_a_function_without_an_action_is_the_notebook_s_the_module_s_or_the_client_s(author):
    author.file("resources/own.py", "def greet(name): return name, None\n")
    assert action_of(author.slashgpt(functions=[GREET])) == {"kind": "client"}
    assert action_of(author.slashgpt(functions=[GREET], notebook=True)) == {"kind": "notebook"}
    module = action_of(author.slashgpt(functions=[GREET], module="resources/own.py"))
    assert module["kind"] == "module"
    assert module["file"] == "resources/own.py"
    assert len(module["sha256"]) == 64


def test_a_module_that_is_not_there_is_told_and_the_manifest_loads(author):
    verdict = author.slashgpt(functions=[GREET], module="resources/own.py")
    assert warned(verdict) == ["module_missing"]
    assert action_of(verdict) == {"kind": "module", "file": "resources/own.py"}


def test_categorize_chooses_among_the_agents_that_are_listed(author):
    author.slashgpt("two.json")
    schema = {
        "type": "object",
        "properties": {"category": {"type": "string", "enum": ["old"]}},
        "required": ["category"],
    }
    emit = {"type": "emit", "emit_method": "switch_session", "emit_data": {"agent": "{category}"}}
    compiled = author.slashgpt(
        agents=["two", "gone"],
        functions=[{"name": "categorize", "parameters": schema}],
        actions={"categorize": emit},
    ).compiled()
    category = compiled["functions"][0]["parameters"]["properties"]["category"]
    assert category["enum"] == ["two", "gone"]
    assert compiled["actions"]["categorize"]["agents"] == ["two"]
    assert compiled["agents"] == ["two"]


@pytest.mark.parametrize(
    ("model", "aliases", "compiled", "told"),
    [
        ("gpt-4", {"gpt-4": "our-large"}, "our-large", []),
        ("gpt-4", {}, None, ["unknown_model"]),
        ({"model_name": "own", "url": "http://10.0.0.1/"}, {"own": "x"}, "x", ["model_ignored"]),
    ],
)
def test_a_model_goes_through_the_operator_s_aliases(author, model, aliases, compiled, told):
    verdict = author.verdict({"title": "T", "model": model}, "one.json", aliases=aliases)
    assert verdict.compiled().get("model") == compiled
    assert warned(verdict) == told
    assert "10.0.0.1" not in json.dumps(verdict.compiled())


def test_vector_search_is_told_to_be_missing(author):
    verdict = author.slashgpt(embeddings={"db_type": "chroma"}, prompt="Know {articles}.")
    assert warned(verdict) == ["embeddings_ignored"]
    assert verdict.compiled()["prompt"] == "Know {articles}."


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"functions": "./resources/gone.json"}, "file_missing"),
        ({"resource": "./gone.txt"}, "file_missing"),
        ({"functions": "./resources/web.js"}, "file_missing"),
        ({"temperature": "warm"}, "bad_value"),
        ({"functions": {"name": "greet"}}, "bad_functions"),
        ({"functions": [GREET, GREET]}, "duplicate_function"),
        ({"functions": [GREET], "actions": {"greet": {"type": "debug"}}}, "unknown_kind"),
        ({"functions": [GREET], "actions": {"greet": {}}}, "kind_missing"),
        (acting("rest", url="https://{name}/"), "host_not_literal"),
        (acting("rest", url="http://a.example/{appkey}", secret="KEY"), "secret_in_the_clear"),
    ],
)
def test_what_cannot_work_fails_with_a_named_error(author, members, code):
    verdict = author.slashgpt(**members)
    assert codes(verdict) == [code]
    assert verdict.agent is None
