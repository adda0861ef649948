"""`countersign model set|check`, as an operator runs them."""

import io
import json
from collections import deque

import pytest
from botocore.exceptions import ClientError

from functions.shared.aws import client
from tests.support.account import MODEL_KEY
from tests.support.operated import operate

NEW_KEY = "sk-new-canary-9876543210"
COMMANDS = ("cli.model.model_commands",)


def said_of(model="test-model", *, calls_tools=True, code="", detail=""):
    answers = not code
    return {
        "model": model,
        "answers": answers,
        "calls_tools": answers and calls_tools,
        "milliseconds": 1234,
        "code": code,
        "detail": detail,
    }


@pytest.fixture
def secret(account, tmp_path):
    """A deployment's secret, with the key of today in it."""
    made = client("secretsmanager").create_secret(Name=tmp_path.name, SecretString=MODEL_KEY)
    return made["ARN"]


class Chat:
    """The deployed chat, asked for its models; it remembers the key that was stored just then."""

    def __init__(self, secret):
        self.secret = secret
        self.answers = deque()
        self.keys = []
        self.asked = []

    def says(self, *models):
        self.answers.append({"v": 1, "models": list(models)})

    def invoke(self, *, FunctionName, Payload):
        self.asked.append((FunctionName, json.loads(Payload)))
        self.keys.append(key_of(self.secret))
        answer = self.answers.popleft()
        if isinstance(answer, Exception):
            raise answer
        failed = {"FunctionError": "Unhandled"} if answer is None else {}
        text = json.dumps(answer) if not isinstance(answer, str) else answer
        return {"Payload": io.BytesIO(text.encode()), **failed}


def key_of(secret):
    found = client("secretsmanager").get_secret_value(SecretId=secret, VersionStage="AWSCURRENT")
    return found["SecretString"]


@pytest.fixture
def chat(secret):
    return Chat(secret)


@pytest.fixture
def operator(secret, chat, monkeypatch, capsys):
    """Somebody who pipes a new key in."""
    outputs = {"ModelSecretArn": secret, "ContinueTurnFunction": "continue"}
    made = operate(
        monkeypatch,
        capsys.readouterr,
        outputs=outputs,
        model={"name": "test-model"},
        commands=COMMANDS,
    )
    made.services.made_up["lambda"] = chat
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{NEW_KEY}\n"))
    return made


def test_a_key_that_is_piped_in_is_stored_and_then_tried_by_the_deployed_chat(
    operator, chat, secret
):
    chat.says(said_of())
    status, out, err = operator.runs("model", "set")
    assert (status, err) == (0, "")
    assert "test-model answers in 1.2 s and calls functions." in out
    assert chat.keys == [NEW_KEY]
    assert chat.asked == [("continue", {"v": 1, "command": "check_model"})]
    assert key_of(secret) == NEW_KEY
    assert NEW_KEY not in out + err


def test_a_key_that_the_service_refuses_is_taken_back_and_nobody_is_cut_off(operator, chat, secret):
    chat.says(said_of(code="model_unauthorized", detail="The model's service refused our key."))
    status, out, _ = operator.runs("model", "set")
    assert status == 1
    assert "The model's service refused our key." in out
    assert "countersign model set" in out
    assert "The key that was there before is in place again." in out
    assert chat.keys == [NEW_KEY]
    assert key_of(secret) == MODEL_KEY


def test_a_key_that_could_not_be_tried_stays(operator, chat, secret):
    chat.says(said_of(code="model_timeout", detail="The model did not answer in time."))
    status, out, _ = operator.runs("model", "set")
    assert status == 1
    assert "in place again" not in out
    assert key_of(secret) == NEW_KEY


@pytest.mark.parametrize(
    "typed", ["", "\n", "two words", "sk-\u00e9", "sk-\x1b[2J", "k" * 4097], ids=ascii
)
def test_what_cannot_be_a_key_changes_nothing_and_is_not_repeated(
    operator, chat, secret, monkeypatch, typed
):
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    status, out, err = operator.runs("model", "set")
    assert (status, out) == (2, "")
    assert "nothing was changed" in err
    assert not typed.strip() or typed.strip() not in err
    assert chat.asked == []
    assert key_of(secret) == MODEL_KEY


def test_no_argument_takes_a_key(operator):
    status, _, err = operator.runs("model", "set", NEW_KEY)
    assert status == 2
    status, _, _ = operator.runs("model", "set", "--key", NEW_KEY)
    assert status == 2


def test_bedrock_has_no_key_to_set(account, monkeypatch, capsys):
    bedrock = operate(
        monkeypatch,
        capsys.readouterr,
        outputs={"ContinueTurnFunction": "continue"},
        model={"name": "m", "provider": "bedrock"},
        commands=COMMANDS,
    )
    status, _, err = bedrock.runs("model", "set")
    assert status == 1
    assert "Bedrock asks for no key" in err


def test_programs_read_one_object(operator, chat):
    chat.says(said_of())
    status, out, _ = operator.runs("model", "set", "--json")
    said = json.loads(out)
    assert (status, said["taken_back"]) == (0, False)
    assert said["models"][0]["is_well"] is True


def test_each_model_has_its_line_and_one_that_only_talks_is_a_failure(operator, chat):
    chat.says(
        said_of(),
        said_of("talker", calls_tools=False),
        said_of("gone\x1b[2J", code="model_refused", detail="It did not accept the request."),
    )
    status, out, _ = operator.runs("model", "check")
    assert status == 1
    lines = out.splitlines()
    assert lines[0] == "test-model answers in 1.2 s and calls functions."
    assert lines[1] == "talker answers in 1.2 s, but calls no function."
    assert "name another model" in lines[2]
    assert lines[3] == "gone\\u001b[2J gave no answer: It did not accept the request."
    assert "model.name" in lines[4]


@pytest.mark.parametrize(
    ("code", "provider", "words"),
    [
        ("model_unauthorized", "openai", "countersign model set"),
        ("model_unauthorized", "bedrock", "Bedrock's console"),
        ("model_key_missing", "openai", "countersign model set"),
        ("model_key_missing", "bedrock", "make deploy"),
        ("model_unreachable", "openai", "model.base_url"),
        ("model_unreachable", "bedrock", "model.region"),
        ("model_timeout", "openai", "countersign model check"),
    ],
)
def test_every_failure_says_what_to_do(chat, monkeypatch, capsys, code, provider, words):
    operator = operate(
        monkeypatch,
        capsys.readouterr,
        outputs={"ContinueTurnFunction": "continue"},
        model={"name": "m", "provider": provider},
        commands=COMMANDS,
    )
    operator.services.made_up["lambda"] = chat
    chat.says(said_of(code=code, detail="So it is."))
    status, out, _ = operator.runs("model", "check", "--json")
    [model] = json.loads(out)["models"]
    assert status == 1
    assert words in model["fix"]


def test_every_failure_of_a_model_has_its_advice():
    from cli.model.check import ADVICE
    from functions.chat.model import STATUS_OF

    assert set(ADVICE) == set(STATUS_OF)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "deploy this one"),
        ("not json", "cannot be read"),
        ({"v": 1}, "deploy this release"),
        ({"v": 1, "models": [{"model": "m"}]}, "deploy this release"),
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "Invoke"), "lambda:Invoke"),
    ],
    ids=["failed", "no-json", "no-models", "no-figures", "denied"],
)
def test_a_chat_that_cannot_be_asked_is_one_sentence(operator, chat, answer, words):
    chat.answers.append(answer)
    status, out, err = operator.runs("model", "check")
    assert (status, out) == (1, "")
    assert words in err.replace("\n", " ")


def test_a_stack_of_an_earlier_release_says_so(monkeypatch, capsys):
    operator = operate(
        monkeypatch, capsys.readouterr, outputs={}, model={"name": "m"}, commands=COMMANDS
    )
    status, _, err = operator.runs("model", "check")
    assert status == 1
    assert "deploy this release first" in err
