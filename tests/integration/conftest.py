"""One handler at a time against an AWS account in this process."""

import json

import pytest
from moto import mock_aws

from infra.agents import compile_agents, serialized
from infra.page import ROOT
from tests.support.account import (
    REGION,
    Account,
    make_bucket,
    make_people,
    make_seal_key,
    make_secret,
    make_tables,
    make_topic,
    one_request_at_a_time,
)
from tests.support.backend import compose_rooms
from tests.support.budgeted import limit
from tests.support.examined import answering, well
from tests.support.launchable import disks_are_gp3, make_launchable
from tests.support.preflight_desk import open_desk
from tests.support.properties import load_profile
from tests.support.quick_moto import quicken
from tests.support.served import gateway_of
from tests.support.terminal import Terminal, serving

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
        quicken(patch)
        one_request_at_a_time(patch)
        disks_are_gp3(patch)
        with mock_aws():
            account = Account()
            make_tables()
            make_bucket()
            make_people(account)
            make_topic(account)
            make_secret(account)
            make_launchable()
            make_seal_key(account)
            yield account


@pytest.fixture
def account(one_account):
    one_account.empty()
    return one_account


@pytest.fixture
def backend(monkeypatch, account, agents_file):
    return compose_rooms(monkeypatch, account, agents_file)


@pytest.fixture
def gateway(monkeypatch, backend, agents_file):
    """The whole API over the rooms of `backend`; a person's name is their access token."""
    return gateway_of(monkeypatch, backend, agents_file)


@pytest.fixture
def terminal(gateway, tmp_path):
    """Alice at a terminal, signed in."""
    with serving(gateway) as (url, lose_network):
        made = Terminal(tmp_path / "home", url, lose_network=lose_network)
        made.signed_in("alice")
        yield made


@pytest.fixture
def self_confirming(monkeypatch, account, agents_file):
    """A stage whose operator lets requesters confirm their own requests."""
    return compose_rooms(monkeypatch, account, agents_file, self_confirm=True)


@pytest.fixture
def address():
    """An address of this machine, and the list that holds what it answers."""
    with answering() as found:
        yield found


@pytest.fixture
def patient(monkeypatch, tmp_path, address):
    """What doctor looks at, all well; a test breaks one thing."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    with well(tmp_path, address[0]) as made:
        yield made


@pytest.fixture
def desk(monkeypatch, account):
    """The room Preflight alone."""
    return open_desk(monkeypatch)


@pytest.fixture
def limited(monkeypatch, backend):
    """The rooms with the budgets that a test names."""
    return lambda **limits: limit(monkeypatch, backend, **limits)


@pytest.fixture
def backend_of(monkeypatch, account, tmp_path):
    """A backend with agents of the test's own, given as they are compiled."""

    def make(**agents):
        file = tmp_path / "agents.json"
        file.write_text(json.dumps({"ec2": compile_agents(ROOT / "agents")["ec2"], **agents}))
        return compose_rooms(monkeypatch, account, file)

    return make
