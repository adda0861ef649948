"""What the model's service is shown: Bedrock's tokens are signed here, and renewed before they end."""

import base64
from urllib.parse import parse_qs

import pytest

from functions.chat.model import ModelKeyMissing
from functions.chat.model_key import (
    RENEWED_AFTER_SECONDS,
    TOKEN_SECONDS,
    BedrockToken,
    _signed,
)
from functions.chat.rooms import SECONDS


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def token(clock):
    numbers = iter(range(100))
    return BedrockToken("eu-west-1", sign=lambda region: f"{region} {next(numbers)}", clock=clock)


def test_a_token_is_used_again_until_it_is_renewed_before_its_end(token, clock):
    assert token(False) == token(False) == "eu-west-1 0"
    clock.now += RENEWED_AFTER_SECONDS - 1
    assert token(False) == "eu-west-1 0"
    clock.now += 1
    assert token(False) == token(False) == "eu-west-1 1"


def test_a_token_that_was_refused_is_signed_anew(token):
    assert [token(False), token(True), token(False)] == [
        "eu-west-1 0",
        "eu-west-1 1",
        "eu-west-1 1",
    ]


def test_a_token_outlives_the_longest_turn_that_begins_with_it():
    assert max(SECONDS.values()) < TOKEN_SECONDS - RENEWED_AFTER_SECONDS


def test_a_token_is_of_the_role_s_own_credentials_for_that_region_and_so_long(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-canary")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session")
    signed = base64.b64decode(_signed("eu-north-1").removeprefix("bedrock-api-key-")).decode()
    said = parse_qs(signed.partition("?")[2])
    assert said["Action"] == ["CallWithBearerToken"]
    assert said["X-Amz-Credential"][0].startswith("ASIAEXAMPLE/")
    assert "/eu-north-1/bedrock/" in said["X-Amz-Credential"][0]
    assert said["X-Amz-Expires"] == [str(TOKEN_SECONDS)]
    assert said["X-Amz-Security-Token"] == ["session"]
    assert "secret-canary" not in signed


def test_a_role_without_credentials_is_the_operator_s_matter(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(ModelKeyMissing):
        _signed("eu-north-1")
