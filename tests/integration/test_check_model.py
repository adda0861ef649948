"""The deployed chat finds out whether its models answer and call tools, by the path that turns take."""

import json
from dataclasses import replace

import pytest

from functions.chat import continue_turn, model_key
from functions.chat.check_model import FUNCTION
from functions.shared.aws import client
from tests.support.account import MODEL_KEY
from tests.support.backend import settings_of
from tests.support.gateway import LambdaContext
from tests.support.model_service import model_service

COMMAND = {"v": 1, "command": "check_model"}
CALLED = {"calls": [{"name": FUNCTION, "arguments": {"word": "ready"}}]}


@pytest.fixture
def service():
    with model_service() as service:
        yield service


@pytest.fixture
def check(monkeypatch, account, agents_file):
    """Sends the command to the deployed function, whose environment is the stack's."""
    model_key._secrets.cache_clear()

    def run(**settings):
        chosen = replace(settings_of(account, agents_file)["chat"], **settings)
        with monkeypatch.context() as environment:
            for name, value in chosen.environment().items():
                if name != "OPENAI_BASE_URL":
                    environment.setenv(name, value)
            answer = continue_turn.handler(COMMAND, LambdaContext(180_000))
        json.dumps(answer)
        return answer["models"]

    yield run
    model_key._secrets.cache_clear()


def test_a_model_that_calls_the_function_is_well(service, check):
    service.answers(CALLED)
    [found] = check()
    assert found.pop("milliseconds") >= 0
    assert found == {
        "model": "test-model",
        "answers": True,
        "calls_tools": True,
        "code": "",
        "detail": "",
    }
    [body] = service.bodies
    assert body["model"] == "test-model"
    assert [tool["function"]["name"] for tool in body["tools"]] == [FUNCTION]
    assert "tool_choice" not in body
    assert service.headers[0]["authorization"] == f"Bearer {MODEL_KEY}"


@pytest.mark.parametrize(
    "answer",
    [
        {"text": "I would call it."},
        {"calls": [{"name": "another", "arguments": {"word": "ready"}}]},
        {"calls": [{"name": FUNCTION, "arguments": "not json"}]},
        {"calls": [{"name": FUNCTION, "arguments": "[1]"}]},
        {"calls": [{"name": FUNCTION, "arguments": {}}]},
    ],
    ids=["text", "another", "no-json", "no-object", "no-argument"],
)
def test_a_model_that_only_talks_answers_and_calls_nothing(service, check, answer):
    service.answers(answer)
    [found] = check()
    assert (found["answers"], found["calls_tools"], found["code"]) == (True, False, "")


def test_what_the_service_says_is_told_in_our_words(service, check):
    leak = "sk-proj-of-the-provider"
    service.answers({"status": 401, "text": leak}, {"status": 401, "text": leak})
    [found] = check()
    assert (found["answers"], found["code"]) == (False, "model_unauthorized")
    assert found["detail"].startswith("The model's service refused our key")
    assert leak not in str(found)


def test_the_key_is_the_one_that_is_stored_now(service, check, account):
    service.answers(CALLED, CALLED)
    check()
    client("secretsmanager").put_secret_value(SecretId=account.secret_arn, SecretString="new")
    check()
    assert [one["authorization"] for one in service.headers] == [
        f"Bearer {MODEL_KEY}",
        "Bearer new",
    ]


def test_every_model_that_an_agent_names_is_asked_too(service, check, tmp_path, agents_file):
    agents = json.loads(agents_file.read_text())
    named = {
        f"{name}-{model}": {**agents["ec2"], "model": model}
        for name, model in [("one", "fast"), ("two", "fast"), ("three", "test-model")]
    }
    file = tmp_path / "agents.json"
    file.write_text(json.dumps({**agents, **named}))
    service.answers(CALLED, {"text": "hm"})
    found = check(agents_file=str(file))
    assert [(one["model"], one["calls_tools"]) for one in found] == [
        ("test-model", True),
        ("fast", False),
    ]
    assert [body["model"] for body in service.bodies] == ["test-model", "fast"]


def test_bedrock_is_shown_a_token_of_the_role_and_no_secret_is_read(service, check, monkeypatch):
    monkeypatch.setattr(model_key, "_signed", lambda region: f"token-of-{region}")
    service.answers(CALLED)
    check(model_secret_arn="", model_region="eu-central-1")
    assert service.headers[0]["authorization"] == "Bearer token-of-eu-central-1"
