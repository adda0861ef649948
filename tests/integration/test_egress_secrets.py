"""Secrets of the operator's page: for one host, read when used, in no result, no log and no exception."""

import html
import json
from urllib.parse import quote, quote_plus

import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as some
from moto import mock_aws

from functions.run_action.failure import ActionFailed
from functions.run_action.redact import redacted
from functions.run_action.secrets import KEPT_SECONDS, Place, Secret, StoredSecrets
from functions.shared.aws import client
from tests.support.account import REGION
from tests.support.acting import HOST, asked, composed
from tests.support.agents import compiled_agent
from tests.support.stub_service import answered, stub_service

VALUE = "s3cr3t/+ &=\"x'é"


@pytest.fixture
def manager(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    client.cache_clear()
    with mock_aws():
        yield client("secretsmanager")
    client.cache_clear()


def stored(manager, name="A_KEY", value=VALUE):
    made = manager.create_secret(Name=name, **({"SecretString": value} if value else {}))
    return made["ARN"]


def failure(secrets, name="A_KEY", host=HOST):
    with pytest.raises(ActionFailed) as failed:
        secrets.read(name, host)
    assert VALUE not in repr(failed.value) + failed.value.text()
    return failed.value.code


def test_a_secret_is_read_for_its_host_and_no_other(manager):
    secrets = StoredSecrets(lambda: manager, {"A_KEY": Place(HOST, stored(manager))})
    assert secrets.read("A_KEY", HOST) == Secret("A_KEY", VALUE)
    for host in ("evil.example", f"{HOST}:8443", f"{HOST}.", f"sub.{HOST}", ""):
        assert failure(secrets, host=host) == "secret_for_another_host"


def test_a_secret_that_is_not_named_or_has_no_value_is_said(manager):
    empty = stored(manager, "EMPTY", "")
    blank = stored(manager, "BLANK", "  ")
    places = {"EMPTY": empty, "BLANK": blank, "GONE": empty.replace("EMPTY", "GONE")}
    secrets = StoredSecrets(
        lambda: manager, {name: Place(HOST, arn) for name, arn in places.items()}
    )
    for name in (*places, "NOT_NAMED"):
        assert failure(secrets, name) == "secret_missing"


def test_a_service_that_cannot_be_asked_is_another_matter():
    class Unreachable:
        def get_secret_value(self, SecretId):
            raise EndpointConnectionError(endpoint_url="https://secretsmanager")

    secrets = StoredSecrets(Unreachable, {"A_KEY": Place(HOST, "arn")})
    assert failure(secrets) == "secret_unreadable"


def test_a_new_value_is_seen_after_a_minute(manager):
    arn, now = stored(manager, value="old"), [0.0]
    secrets = StoredSecrets(lambda: manager, {"A_KEY": Place(HOST, arn)}, lambda: now[0])
    assert secrets.read("A_KEY", HOST).value == "old"
    manager.put_secret_value(SecretId=arn, SecretString="new")
    assert secrets.read("A_KEY", HOST).value == "old"
    now[0] = KEPT_SECONDS
    assert secrets.read("A_KEY", HOST).value == "new"


AGENT = compiled_agent(
    "helper",
    actions={
        "get": {
            "kind": "rest",
            "url": f"https://{HOST}/?key={{appkey}}&a={{a}}",
            "hosts": [HOST, "other.example.com"],
            "secret": "A_KEY",
        },
        "elsewhere": {
            "kind": "rest",
            "url": "https://other.example.com/",
            "hosts": [HOST, "other.example.com"],
            "headers": {"Authorization": "{appkey}"},
            "secret": "A_KEY",
        },
    },
)


@pytest.fixture
def service(manager, tmp_path):
    places = {"A_KEY": {"host": HOST, "arn": stored(manager, value="s3cr3t/+ &=x")}}
    with (
        stub_service() as service,
        composed(tmp_path, {"helper": AGENT}, service=service, secrets=places),
    ):
        yield service


def test_i10_what_a_service_echoes_of_a_secret_is_not_told(service, capsys):
    service.answers = lambda seen: answered(
        json.dumps({"you sent": seen.path, "or": "s3cr3t/+ &=x"})
    )
    [(status, text)] = asked(AGENT, ("get", {"a": "b"}))
    assert status == "succeeded"
    assert service.requests[0].path == "/?key=s3cr3t%2F%2B%20%26%3Dx&a=b"
    assert json.loads(text) == {
        "you sent": "/?key=[secret A_KEY]&a=b",
        "or": "[secret A_KEY]",
    }
    assert "s3cr3t" not in capsys.readouterr().out


def test_i10_nor_what_it_says_in_an_error_or_leaves_half_said(service, capsys):
    service.answers = lambda seen: answered("bad s3cr3t/+ &=x", status="401 no s3cr3t/+ &=x")
    [(_, text)] = asked(AGENT, ("get", {"a": "b"}))
    service.answers = lambda seen: b"s3cr3t"
    [(_, other)] = asked(AGENT, ("get", {"a": "b"}))
    assert "401" in text
    assert "s3cr3t" not in text + other + capsys.readouterr().out


def test_a_secret_of_one_host_is_not_sent_to_another_that_the_manifest_allows(service):
    [(status, text)] = asked(AGENT, ("elsewhere", {}))
    assert (status, json.loads(text)["code"]) == ("failed", "secret_for_another_host")
    assert service.requests == []


ANY_CHARACTERS = some.text(some.characters(exclude_categories=["Cs"]), min_size=4, max_size=40)


@given(ANY_CHARACTERS, ANY_CHARACTERS)
def test_no_spelling_of_a_secret_survives(value, around):
    secret = Secret("A_KEY", value)
    spelled = (value, json.dumps(value)[1:-1], quote(value), quote_plus(value), html.escape(value))
    for spelling in spelled:
        assert "[secret A_KEY]" in redacted(f"{around}{spelling}{around}", [secret])
