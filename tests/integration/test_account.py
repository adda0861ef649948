"""An account's alias, asked of AWS with whatever rights there are."""

import boto3
import pytest
from moto import mock_aws

from infra.account import Account, account_of
from tests.support.account import REGION

MOTO, OTHER = "123456789012", "210987654321"


@pytest.fixture
def session(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield boto3.Session(region_name=REGION)


def test_an_alias_stands_before_the_id(session):
    session.client("iam").create_account_alias(AccountAlias="payments-test")
    assert account_of(session, MOTO).shown == "payments-test (123456789012)"


def test_an_account_without_an_alias_is_its_id(session):
    assert account_of(session, MOTO).shown == MOTO


def test_an_alias_is_never_read_with_credentials_of_another_account(session):
    """The CDK may have been told of a profile that this process does not know."""
    session.client("iam").create_account_alias(AccountAlias="payments-test")
    assert account_of(session, OTHER) == Account(OTHER)


def test_an_alias_that_aws_could_not_have_is_not_printed(session, monkeypatch):
    class Odd:
        def get_caller_identity(self):
            return {"Account": MOTO}

        def list_account_aliases(self):
            return {"AccountAliases": ["evil\x1b[2K"]}

    monkeypatch.setattr(session, "client", lambda *_, **__: Odd())
    assert account_of(session, MOTO) == Account(MOTO)
