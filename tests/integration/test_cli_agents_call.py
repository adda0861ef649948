"""`agents call`: the author sees the request before anybody else, and what comes back under the product's rules."""

import json

import pytest

import cli.agents_call
from cli.__main__ import main
from functions.run_action.fetch import Fetcher
from infra.page import ROOT
from tests.support.stub_service import answered, stub_service

HOST = "api.example.com"
OUTSIDE = ROOT / "tests" / "fixtures" / "compat" / "manifests" / "own" / "outside.json"
TEXT = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
ACTIONS = {
    "look": {"kind": "rest", "url": f"https://{HOST}/{{a}}?key={{appkey}}", "secret": "A_KEY"},
    "write": {"kind": "rest", "url": f"https://{HOST}/", "method": "POST"},
    "ask": {
        "kind": "graphql",
        "url": f"https://{HOST}/graphql",
        "operations": ["query", "mutation"],
    },
    "say": {"kind": "message_template", "message": "Said {a}."},
    "page": {
        "kind": "data_url",
        "template": "page.txt",
        "mime_type": "text/plain",
        "message": "{url}",
    },
    "wait": {"kind": "client"},
}


@pytest.fixture
def manifest(tmp_path):
    (tmp_path / "page.txt").write_text("About {a}")
    parameters = dict.fromkeys(ACTIONS, TEXT) | {
        "ask": {"type": "object", "properties": {"query": {"type": "string"}}}
    }
    functions = [
        {"name": name, "description": name, "parameters": parameters[name]} for name in ACTIONS
    ]
    file = tmp_path / "helper.json"
    file.write_text(
        json.dumps(
            {
                "version": 2,
                "title": "Helper",
                "prompt": "Help.",
                "functions": functions,
                "actions": ACTIONS,
            }
        )
    )
    return file


@pytest.fixture
def service(monkeypatch):
    with stub_service() as service:
        fetcher = Fetcher(pins={HOST: service.pin})
        monkeypatch.setattr(cli.agents_call, "Fetcher", lambda: fetcher)
        yield service


def call(manifest, function, arguments, *more):
    written = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return main(["agents", "call", str(manifest), function, "--arguments", written, *more])


def planned(capsys, *call_arguments):
    assert call(*call_arguments, "--dry-run") == 0
    return json.loads(capsys.readouterr().out)


def test_a_dry_run_shows_the_request_with_the_names_of_secrets(
    manifest, service, capsys, monkeypatch
):
    monkeypatch.setenv("A_KEY", "k3yABC")
    assert planned(capsys, manifest, "look", {"a": "b c"}) == {
        "kind": "rest",
        "countersigned": False,
        "method": "GET",
        "url": f"https://{HOST}/b%20c?key=A_KEY",
        "headers": {},
        "body": None,
        "secrets": ["A_KEY"],
    }
    assert service.requests == []


def test_a_dry_run_shows_what_is_countersigned_too(manifest, service, capsys):
    shown = planned(capsys, manifest, "write", {"a": "b"})
    assert (shown["countersigned"], shown["method"], shown["body"]) == (True, "POST", {"a": "b"})
    shown = planned(capsys, manifest, "ask", {"query": "mutation { close }"})
    assert (shown["countersigned"], shown["body"]) == (True, {"query": "mutation { close }"})
    assert service.requests == []


def test_a_call_prints_what_the_model_would_read_and_no_secret(
    manifest, service, capsys, monkeypatch
):
    monkeypatch.setenv("A_KEY", "k3yABC")
    service.answers = lambda seen: answered(f"for {seen.path}")
    assert call(manifest, "look", {"a": "b"}) == 0
    assert capsys.readouterr().out.endswith("for /b?key=[secret A_KEY]\n")
    assert service.requests[0].path == "/b?key=k3yABC"


def test_a_refusal_of_the_service_is_printed_and_is_no_success(
    manifest, service, capsys, monkeypatch
):
    monkeypatch.setenv("SLASH_GPT_ENV_A_KEY", f"{HOST},k3yABC")
    service.answers = lambda seen: answered("no", status="404 Not Found")
    assert call(manifest, "look", {"a": "b"}) == 1
    assert "404" in capsys.readouterr().out
    assert service.requests[0].path == "/b?key=k3yABC"


@pytest.mark.parametrize(
    ("function", "arguments", "complaint"),
    [
        ("write", {"a": "b"}, "countersigns"),
        ("ask", {"query": "mutation { close }"}, "countersigns"),
        ("wait", {"a": "b"}, "client"),
        ("nobody", {}, "nobody"),
        ("look", "{bad", "JSON"),
        ("look", {}, "a"),
    ],
)
def test_what_is_not_run_from_here_is_said_in_a_line(
    manifest, service, capsys, function, arguments, complaint
):
    assert call(manifest, function, arguments) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert complaint in line
    assert service.requests == []


def test_a_secret_that_the_shell_does_not_hold_is_named(manifest, service, capsys, monkeypatch):
    monkeypatch.delenv("A_KEY", raising=False)
    assert call(manifest, "look", {"a": "b"}) == 1
    assert "A_KEY" in capsys.readouterr().out
    assert service.requests == []


@pytest.mark.parametrize(
    ("function", "text"), [("say", "Said b."), ("page", "data:text/plain;charset=utf-8,About+b")]
)
def test_texts_are_made_at_once(manifest, capsys, function, text):
    assert call(manifest, function, {"a": "b"}) == 0
    assert capsys.readouterr().out == f"{text}\n"
    assert planned(capsys, manifest, function, {"a": "b"})["result"] == text


def test_a_manifest_of_slashgpt_s_is_called_likewise(capsys):
    shown = planned(capsys, OUTSIDE, "rate", {"from": "USD", "amount": "1"})
    assert shown["url"] == "https://rates.example.com/convert?from=USD&amount=1"


def test_a_manifest_that_cannot_be_used_says_why(tmp_path, capsys):
    file = tmp_path / "broken.json"
    file.write_text("{")
    assert call(file, "any", {}) == 1
    assert "error: " in capsys.readouterr().err
