"""The model's border against a service on a socket: what is sent, and what each of its faults becomes."""

import json
import socket

import pytest

from functions.chat import model as border
from functions.chat.model import (
    ANSWER_BYTES,
    HEADLINE,
    ModelBadAnswer,
    ModelBroken,
    ModelKeyMissing,
    ModelOverloaded,
    ModelRefused,
    ModelTimeout,
    ModelUnauthorized,
    ModelUnreachable,
    OpenAIChatModel,
)
from tests.story.model_server import completion
from tests.support.agents import ec2_agent
from tests.support.model_service import model_service

MESSAGES = [{"role": "system", "content": "p"}, {"role": "user", "content": "hello"}]
LEAK = "sk-proj-of-the-provider <b>stack trace</b>"


@pytest.fixture
def service():
    with model_service() as service:
        yield service


@pytest.fixture
def model():
    return OpenAIChatModel(name="x1", read_key=lambda fresh: "key")


def ask(model, *, tools=(), tool_choice=None, seconds=10.0):
    return model.answer(MESSAGES, tools=tools, tool_choice=tool_choice, seconds=seconds)


def test_ec2_08_the_models_name_reaches_the_wire(service, model):
    service.answers({"text": "hi"})
    assert ask(model).text == "hi"
    [body] = service.bodies
    assert body["model"] == "x1"
    assert body["messages"] == MESSAGES
    [headers] = service.headers
    assert headers["authorization"] == "Bearer key"


CHOICE = {"type": "function", "function": {"name": "run_instances"}}


@pytest.mark.parametrize(
    ("given", "members"),
    [
        ({}, set()),
        ({"tools": ec2_agent().tools()}, {"tools"}),
        ({"tools": ec2_agent().tools(), "tool_choice": CHOICE}, {"tools", "tool_choice"}),
    ],
    ids=["neither", "tools only", "both"],
)
def test_ec2_09_tools_and_tool_choice_are_sent_only_when_given(service, model, given, members):
    service.answers({"text": "hi"})
    ask(model, **given)
    [body] = service.bodies
    assert set(body) == {"model", "messages"} | members


@pytest.mark.parametrize(("max_tokens", "members"), [(4096, {"max_completion_tokens"}), (0, set())])
def test_d18_the_longest_answer_is_told_to_the_service_unless_the_operator_says_not_to(
    service, max_tokens, members
):
    service.answers({"text": "hi"})
    limited = OpenAIChatModel(name="x1", read_key=lambda fresh: "key", max_tokens=max_tokens)
    ask(limited)
    [body] = service.bodies
    assert set(body) == {"model", "messages"} | members
    assert body.get("max_completion_tokens", 0) == max_tokens


def test_ec2_10_tool_choice_can_name_a_function(service, model):
    service.answers({"text": "hi"})
    ask(model, tools=ec2_agent().tools(), tool_choice=CHOICE)
    assert service.bodies[0]["tool_choice"] == CHOICE


def test_ec2_03_to_07_the_tool_is_sent_as_the_manifest_has_it(service, model):
    service.answers({"text": "hi"})
    ask(model, tools=ec2_agent().tools())
    tool = service.bodies[0]["tools"][0]
    assert tool["type"] == "function"
    function = tool["function"]
    assert function["name"] == "run_instances"
    assert function["description"] == "Run a new EC2 instance."
    parameters = function["parameters"]
    assert parameters["properties"]["image_id"]["type"] == "string"
    assert (
        "An AMI ID is required to launch an instance and must be specified here or in a launch template."
        in parameters["properties"]["image_id"]["description"]
    )
    assert parameters["properties"]["instance_type"] == {
        "type": "string",
        "description": "Instance family defined by AWS.",
        "enum": ["t2.micro", "t2.small", "t3.micro", "t3.small"],
    }
    assert parameters["properties"]["key_name"] == {
        "type": "string",
        "description": "The name of the non-empty key pair that will connect to the EC2 instance created here.",
    }
    assert parameters["required"] == ["image_id", "instance_type", "key_name"]


def test_calls_are_read_as_the_model_wrote_them(service, model):
    service.answers({"calls": [{"id": "call_1", "name": "f", "arguments": "{not json"}]})
    answer = ask(model)
    [call] = answer.calls
    assert (call.id, call.name, call.arguments) == ("call_1", "f", "{not json")
    assert answer.finish_reason == "tool_calls"
    assert answer.tokens == 15


def raw(value):
    return {"raw": json.dumps(value)}


def message(**members):
    return raw({"choices": [{"message": members, "finish_reason": "stop"}]})


def test_a_refusal_is_a_text(service, model):
    service.answers(message(content=None, refusal="I will not."))
    assert ask(model).text == "I will not."


def test_half_a_surrogate_pair_becomes_storable_text(service, model):
    service.answers(message(content="a\ud800b"))
    ask(model).text.encode("utf-8")


FAULTS = [
    ({"status": 403, "text": LEAK}, ModelUnauthorized),
    ({"status": 429, "text": LEAK, "headers": {"Retry-After": "1"}}, ModelOverloaded),
    ({"status": 400, "text": LEAK}, ModelRefused),
    ({"status": 404, "text": LEAK}, ModelRefused),
    ({"status": 413, "text": LEAK}, ModelRefused),
    ({"status": 422, "text": LEAK}, ModelRefused),
    ({"status": 500, "text": LEAK}, ModelBroken),
    ({"status": 503, "raw": f"<html>{LEAK}</html>", "content_type": "text/html"}, ModelBroken),
    ({"status": 529, "raw": ""}, ModelBroken),
    ({"status": 200, "raw": f"<html>{LEAK}</html>", "content_type": "text/html"}, ModelBadAnswer),
    ({"raw": ""}, ModelBadAnswer),
    ({"raw": '{"choices": [{"message": ' + LEAK}, ModelBadAnswer),
    ({"raw": "\x00\x01\x02"}, ModelBadAnswer),
    ({"raw": "[" * 100_000}, ModelBadAnswer),
    ({"raw": '"' + "x" * (ANSWER_BYTES + 1) + '"'}, ModelBadAnswer),
    (raw({}), ModelBadAnswer),
    (raw([]), ModelBadAnswer),
    (raw(None), ModelBadAnswer),
    (raw({"error": {"message": LEAK}}), ModelBadAnswer),
    (raw({"choices": []}), ModelBadAnswer),
    (raw({"choices": [{"message": None}]}), ModelBadAnswer),
    (message(content=[{"type": "text", "text": LEAK}]), ModelBadAnswer),
    (message(content=None, tool_calls=[{"id": "c"}]), ModelBadAnswer),
    (
        message(content=None, tool_calls=[{"function": {"name": "f", "arguments": {}}}]),
        ModelBadAnswer,
    ),
    (message(content=None, tool_calls={"a": 1}), ModelBadAnswer),
    ({"text": "cut in the middle", "cut": True}, ModelBadAnswer),
    ({"drop": True}, ModelUnreachable),
]


@pytest.mark.parametrize(("fault", "failure"), FAULTS, ids=lambda v: str(v)[:50])
def test_ec2_24_each_fault_of_the_service_has_its_failure_after_one_request(
    service, model, fault, failure
):
    service.answers(fault)
    with pytest.raises(failure) as failed:
        ask(model)
    assert type(failed.value) is failure
    assert len(service.bodies) == 1
    text = str(failed.value)
    assert text.startswith(f"{HEADLINE}\nException: ")
    assert "sk-proj" not in text
    assert "stack trace" not in text


def test_ec2_24_a_refused_connection_is_a_failure(monkeypatch, model):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{taken.getsockname()[1]}/v1")
        with pytest.raises(ModelUnreachable):
            ask(model)


@pytest.mark.parametrize("fault", [{"hang": True}, {"drip": True}], ids=["hangs", "drips"])
def test_no_service_outlasts_the_deadline(service, model, fault):
    service.answers(fault, {"text": "awake again"})
    with pytest.raises(ModelTimeout):
        ask(model, seconds=0.3)
    assert ask(model).text == "awake again"


class Keys:
    """A key that is changed behind our back."""

    def __init__(self, *keys):
        self.keys, self.read = list(keys), []

    def __call__(self, fresh):
        self.read.append(fresh)
        if fresh:
            self.keys.pop(0)
        return self.keys[0]


def test_a_refused_key_is_read_once_more_and_the_new_one_is_kept(service):
    keys = Keys("old", "new")
    model = OpenAIChatModel(name="x1", read_key=keys)
    service.answers({"status": 401, "text": LEAK}, {"text": "hi"}, {"text": "again"})
    assert ask(model).text == "hi"
    assert ask(model).text == "again"
    assert keys.read == [False, True, False]
    assert [one["authorization"] for one in service.headers] == ["Bearer old"] + ["Bearer new"] * 2


def test_a_token_that_is_over_is_refused_by_some_services_with_403_and_renewed_all_the_same(
    service,
):
    keys = Keys("over", "renewed")
    service.answers({"status": 403, "text": LEAK}, {"text": "hi"})
    assert ask(OpenAIChatModel(name="x1", read_key=keys)).text == "hi"
    assert [one["authorization"] for one in service.headers] == ["Bearer over", "Bearer renewed"]


def test_a_403_for_the_same_key_is_not_asked_twice(service, model):
    service.answers({"status": 403, "text": LEAK}, {"text": "hi"})
    with pytest.raises(ModelUnauthorized):
        ask(model)
    assert len(service.bodies) == 1


def test_ec2_24_a_key_that_is_refused_twice_is_the_operators_matter(service):
    keys = Keys("old", "new")
    service.answers({"status": 401, "text": LEAK}, {"status": 401, "text": LEAK})
    with pytest.raises(ModelUnauthorized) as failed:
        ask(OpenAIChatModel(name="x1", read_key=keys))
    assert keys.read == [False, True]
    assert "sk-proj" not in str(failed.value)


def test_the_second_try_with_a_new_key_has_only_the_time_that_is_left(monkeypatch):
    import httpx2
    import openai

    seconds_given = []

    class Slow(OpenAIChatModel):
        def _send(self, body, seconds, *, fresh_key):
            seconds_given.append(seconds)
            if not fresh_key:
                request = httpx2.Request("POST", "http://127.0.0.1/")
                response = httpx2.Response(401, request=request)
                raise openai.AuthenticationError("no", response=response, body=None)
            return json.dumps(completion({"text": "hi"}, "m")).encode()

    times = iter([100.0, 115.0])
    monkeypatch.setattr(border, "time", type("Time", (), {"monotonic": lambda: next(times)}))
    ask(Slow(name="x1", read_key=lambda fresh: "key"), seconds=20.0)
    assert seconds_given == [20.0, 5.0]


def test_a_key_that_cannot_be_read_is_a_failure_of_its_own(service):
    def read(fresh):
        raise ModelKeyMissing

    with pytest.raises(ModelKeyMissing) as failed:
        ask(OpenAIChatModel(name="x1", read_key=read))
    assert service.bodies == []
    assert str(failed.value).startswith(HEADLINE)
