"""What an operator reads before a deploy, and where a deploy is refused."""

import json

import pytest
from aws_cdk import App

import infra.app
from benchmarks.cost import prices
from infra.account import Account, WrongAccount, check_account
from infra.announcement import MONTHLY_USD, announcement
from infra.page import ROOT, Page
from infra.template import BUNDLED

LEAST = {"stage": "dev", "launch": "live", "region": "eu-west-1", "model": {"name": "a-model"}}
HERE, ELSEWHERE = "123456789012", "210987654321"
TEMPLATE = {
    "Resources": {
        name: {"Type": f"AWS::{kind}"}
        for name, kind in (
            ("One", "KMS::Key"),
            ("Two", "KMS::Key"),
            ("Key", "SecretsManager::Secret"),
            ("Table", "DynamoDB::Table"),
        )
    }
}


def page(**changes):
    return Page.model_validate({**LEAST, **changes})


def said(written, account=HERE, alias=""):
    return "\n".join(announcement(written, Account(account, alias), TEMPLATE))


def test_account_and_alias_region_stage_and_launch_are_said_first():
    first = said(page(account=HERE), alias="payments-test").splitlines()[:4]
    assert [line.split(maxsplit=1)[1] for line in first] == [
        "payments-test (123456789012)",
        "eu-west-1",
        "Countersign, stage dev",
        "live: what is countersigned is launched",
    ]


def test_shadow_mode_is_said_and_that_no_instance_will_cost_anything():
    text = said(page(launch="dry_run"))
    assert "shadow mode, nothing is launched" in text
    assert "instance" not in text
    assert "each launched instance for 8 hours" in said(page())


def test_what_is_paid_by_the_month_is_counted_in_the_template():
    assert "2.40 USD (2 KMS keys 2.00, 1 secret 0.40), used or not" in said(page())


def test_the_prices_are_those_of_the_bill():
    listed = {"KMS key": prices.KMS_KEYS, "secret": prices.SECRETS, "alarm": prices.ALARMS}
    written = dict(MONTHLY_USD.values())
    assert {word: price.usd for word, price in listed.items()} == {
        word: written[word] for word in listed
    }


def test_targets_elsewhere_are_named_with_their_accounts():
    targets = {
        "home": {},
        "far": {"account": ELSEWHERE, "external_id": "a-long-word", "regions": ["eu-north-1"]},
    }
    text = said(page(account=HERE, targets=targets))
    assert f"far in {ELSEWHERE}, eu-north-1" in text
    assert "home in" not in text


def test_credentials_of_another_account_than_the_page_s_are_refused():
    with pytest.raises(WrongAccount, match=f"{HERE}.*{ELSEWHERE}"):
        check_account(page(account=HERE), ELSEWHERE, {})
    check_account(page(account=HERE), HERE, {})
    check_account(page(), ELSEWHERE, {})


def test_production_without_an_account_on_its_page_is_refused_with_the_line_to_write():
    with pytest.raises(WrongAccount, match=f'account: "{HERE}"'):
        check_account(page(stage="prod"), HERE, {})
    check_account(page(stage="prod", account=HERE), HERE, {})


def test_the_laptop_s_stage_is_deployed_into_the_emulator_alone():
    with pytest.raises(WrongAccount, match="make local"):
        check_account(page(stage="local"), HERE, {})
    check_account(page(stage="local"), HERE, {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"})


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The app with a page for `HERE`, and what it says."""
    (tmp_path / "countersign.yaml").write_text(json.dumps({**LEAST, "account": HERE}))
    monkeypatch.setattr(infra.app, "App", lambda: App(context={"home": str(tmp_path)}))
    return tmp_path


def test_the_app_refuses_before_it_builds_anything(home, monkeypatch):
    monkeypatch.setenv("CDK_DEFAULT_ACCOUNT", ELSEWHERE)
    monkeypatch.setattr(infra.app, "build", lambda *_: pytest.fail("it was built"))
    assert infra.app.main() == (
        f"countersign.yaml is for the account {HERE}, and your credentials are of {ELSEWHERE}: "
        "use the other credentials or the other page."
    )


def test_without_credentials_a_synth_goes_on_and_nothing_is_said(home, monkeypatch, capsys):
    monkeypatch.delenv("CDK_DEFAULT_ACCOUNT", raising=False)
    infra.app.announce(infra.app.page_of(infra.app.App()), "never-read")
    assert capsys.readouterr() == ("", "")


def test_what_is_announced_leaves_standard_output_to_the_template(home, monkeypatch, capsys):
    (home / "Countersign.template.json").write_text(json.dumps(TEMPLATE))
    monkeypatch.setenv("CDK_DEFAULT_ACCOUNT", HERE)
    monkeypatch.setattr(infra.app, "account_of", lambda _, account: Account(account, "payments"))
    infra.app.announce(infra.app.page_of(infra.app.App()), str(home))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[0].endswith("payments (123456789012)")


def test_a_look_that_needs_no_zips_needs_no_interpreter_either(home, monkeypatch):
    monkeypatch.setattr(infra.app, "target_of", lambda *_: pytest.fail("an interpreter was wanted"))
    made = {}
    monkeypatch.setattr(infra.app, "Countersign", lambda _, **given: made.update(given))
    app = App(context={"home": str(home), "agents": str(ROOT / "agents"), BUNDLED: []})
    infra.app.build(app, infra.app.page_of(app))
    assert made["page"].account == HERE


def test_make_deploy_is_cdk_deploy_and_nothing_more():
    lines = (ROOT / "Makefile").read_text().splitlines()
    rule = next(number for number, line in enumerate(lines) if line.startswith("deploy: setup"))
    assert lines[rule + 1] == "\t$(CDK) deploy --context home=$(HOME_DIRECTORY) $(ARGUMENTS)"
    assert lines[rule + 2] == ""
