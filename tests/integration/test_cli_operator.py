"""What every operator's command begins with: page and credentials of one account, and AWS's errors in words."""

import pytest
import yaml
from botocore.exceptions import ClientError, EndpointConnectionError

from cli.__main__ import main
from cli.operator import home_of
from infra.page import ROOT
from tests.support.operated import LEAST

COMMANDS = [
    ("users", "list"),
    ("model", "check"),
    ("logs", "--errors"),
    ("dead-letters",),
    ("destroy", "--yes", "--leave"),
]


@pytest.fixture
def home(account, tmp_path):
    """Writes a page into the operator's directory."""

    def write(**lines):
        values = {**LEAST, "model": {"name": "m"}, **lines}
        text = yaml.safe_dump({key: value for key, value in values.items() if value})
        (tmp_path / "countersign.yaml").write_text(text)
        return str(tmp_path)

    return write


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("page", "words"),
    [
        (
            {"account": "210987654321"},
            "is for the account 210987654321, and your credentials are of 123456789012",
        ),
        ({"stage": "prod", "account": ""}, "must name the account of stage prod"),
        ({"stage": "local"}, "which is for make local alone"),
    ],
    ids=["another account", "prod without", "local"],
)
def test_nothing_is_asked_of_an_account_that_the_page_does_not_mean(
    home, command, page, words, capsys
):
    assert main([*command, "--home", home(**page)]) == 1
    assert words in capsys.readouterr().err.replace("\n", " ")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            ClientError({"Error": {"Code": "AccessDenied", "Message": "no\x1b[2J"}}, "PutItem"),
            "AWS refused PutItem: AccessDenied: no\\u001b[2J",
        ),
        (EndpointConnectionError(endpoint_url="https://x"), "AWS gave no answer"),
    ],
    ids=["refused", "unreached"],
)
def test_an_error_that_no_command_foresaw_is_one_sentence(
    home, command, error, words, monkeypatch, capsys
):
    def fail(_):
        raise error

    for module in ("users.users", "model.model", "logs.logs", "logs.dead_letter"):
        monkeypatch.setattr(f"cli.{module}_commands.deployment_of", fail)
    monkeypatch.setattr("cli.deploy.ending.deployment_of", fail)
    assert main([*command, "--home", home()]) == 1
    assert words in capsys.readouterr().err.replace("\n", " ")


def test_who_works_with_the_example_page_is_told_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("infra.page.NAME", "no-page.yaml")
    assert home_of(None) == ROOT
    assert "With the product's own example page: there is no" in capsys.readouterr().err
    (tmp_path / "no-page.yaml").write_text("")
    assert home_of(None) == tmp_path
    assert home_of(tmp_path / "another") == tmp_path / "another"
    assert capsys.readouterr().err == ""
