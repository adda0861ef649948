"""One handler at a time against an AWS account in this process."""

import pytest
from moto import mock_aws

from infra.agents import compile_agents, serialized
from infra.page import ROOT
from tests.support.account import (
    REGION,
    Account,
    make_people,
    make_secret,
    make_tables,
    make_topic,
    one_request_at_a_time,
    read_plain_answers_plainly,
    read_signing_keys_once,
)
from tests.support.backend import compose_rooms
from tests.support.properties import load_profile

load_profile()


@pytest.fixture(scope="session")
def agents_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("agents") / "agents.json"
    file.write_bytes(serialized(compile_agents(ROOT / "agents")))
    return file


@pytest.fixture(scope="module")
def one_account():
    """Made once per module; `account` empties it for each test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        read_signing_keys_once(patch)
        read_plain_answers_plainly(patch)
        one_request_at_a_time(patch)
        with mock_aws():
            account = Account()
            make_tables()
            make_people(account)
            make_topic(account)
            make_secret(account)
            yield account


@pytest.fixture
def account(one_account):
    one_account.empty()
    return one_account


@pytest.fixture
def backend(monkeypatch, account, agents_file):
    return compose_rooms(monkeypatch, account, agents_file)


@pytest.fixture
def self_confirming(monkeypatch, account, agents_file):
    """A stage whose operator lets requesters confirm their own requests."""
    return compose_rooms(monkeypatch, account, agents_file, self_confirm=True)
