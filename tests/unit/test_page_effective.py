"""Every value that holds on the operator's page, and where it comes from."""

import pytest

from infra.page import Page, read_page, written_page
from infra.page_effective import Effective, effective_values

LEAST = """\
stage: dev
launch: live
region: eu-west-1
model:
  name: a-model
"""
GROUP = "sg-0123456789abcdef0"
SUBNET = "subnet-0123456789abcdef0"


@pytest.fixture
def holding(tmp_path):
    def holding_(text, environment=None):
        (tmp_path / "countersign.yaml").write_text(text)
        page = read_page(tmp_path, environment or {})
        values = effective_values(page, written_page(tmp_path), environment or {})
        return {value.key: value for value in values}

    return holding_


def test_a_line_of_the_page_is_named_by_its_number(holding):
    found = holding(LEAST + "mail:\n  # who sends\n  from: a@example.com\n")
    assert found["stage"] == Effective(key="stage", value="dev", line=1)
    assert found["model.name"] == Effective(key="model.name", value="a-model", line=5)
    assert found["mail.from"] == Effective(key="mail.from", value="a@example.com", line=8)


def test_a_variable_of_the_shell_stands_over_its_line(holding):
    found = holding(LEAST, {"CHAT_MODEL": "another", "APPROVAL_TIMEOUT_SECONDS": "600"})
    assert found["model.name"] == Effective(
        key="model.name", value="another", variable="CHAT_MODEL"
    )
    assert found["approval_timeout_seconds"] == Effective(
        key="approval_timeout_seconds", value=600, variable="APPROVAL_TIMEOUT_SECONDS"
    )


@pytest.mark.parametrize(("stage", "hours"), [("dev", 8), ("prod", 72)])
def test_what_the_stage_says_is_told_as_its_default_until_the_page_says_otherwise(
    holding, stage, hours
):
    text = LEAST.replace("dev", stage)
    assert holding(text)["lease_hours"] == Effective(key="lease_hours", value=hours, stage=stage)
    assert holding(text + "lease_hours: 5\n")["lease_hours"] == Effective(
        key="lease_hours", value=5, line=6
    )


def test_nought_on_the_page_is_a_value_too(holding):
    found = holding(LEAST + "fresh_sign_in_minutes: 0\n")
    assert found["fresh_sign_in_minutes"] == Effective(key="fresh_sign_in_minutes", value=0, line=6)


def test_what_nobody_wrote_is_the_product_s_default(holding):
    found = holding(LEAST)
    assert found["budgets.turns"] == Effective(key="budgets.turns", value=200)
    assert found["time_zone"] == Effective(key="time_zone", value="UTC")


def test_what_is_written_as_it_would_be_anyway_is_still_the_page_s(holding):
    found = holding(LEAST + "time_zone: UTC\nself_confirm: false\nbudgets: {turns: 200}\n")
    assert [found[key].line for key in ("time_zone", "self_confirm", "budgets.turns")] == [6, 7, 8]
    assert found["budgets.tokens"].line == 0


def test_budgets_that_are_off_are_the_page_s(holding):
    assert holding(LEAST + "budgets: off\n")["budgets"] == Effective(
        key="budgets", value=None, line=6
    )


def test_what_follows_another_line_has_its_value_and_names_it(holding):
    found = holding(
        LEAST
        + "  provider: bedrock\ndomain:\n  name: c.example.com\n"
        + "  certificate_arn: arn:aws:acm:eu-west-1:123456789012:certificate/a1\n"
    )
    assert found["model.label"].value == "a-model"
    assert found["model.label"].follows == "model.name"
    assert (found["model.region"].value, found["model.region"].follows) == ("eu-west-1", "region")
    assert (found["origin"].value, found["origin"].follows) == (
        "https://c.example.com",
        "domain.name",
    )


def test_targets_are_told_as_the_places_that_calls_run_in(holding):
    text = f"""\
account: "123456789012"
targets:
  home: {{}}
  work:
    account: "210987654321"
    external_id: 0123456789ab
    fixed:
      security_group_ids: [{GROUP}]
      tags: {{Team: a, Cost: "1"}}
    regions:
      eu-west-1: {{}}
      us-east-1:
        security_group_ids: []
        tags:
          Cost: "2"
"""
    found = holding(text + LEAST)

    def told(key):
        one = found[f"targets.{key}"]
        return one.value, one.line or one.follows

    assert told("home.account") == ("123456789012", "account")
    assert told("home.region") == ("eu-west-1", "region")
    assert told("home.fixed.security_group_ids") == ([], "")
    assert told("work-eu-west-1.account") == ("210987654321", 5)
    assert told("work-eu-west-1.region") == ("eu-west-1", 11)
    assert told("work-eu-west-1.external_id") == ("0123456789ab", 6)
    assert told("work-eu-west-1.fixed.security_group_ids") == ([GROUP], 8)
    assert told("work-eu-west-1.fixed.tags.Cost") == ("1", 9)
    assert told("work-us-east-1.region") == ("us-east-1", 12)
    assert told("work-us-east-1.fixed.security_group_ids") == ([], 13)
    assert told("work-us-east-1.fixed.tags.Team") == ("a", 9)
    assert told("work-us-east-1.fixed.tags.Cost") == ("2", 15)
    assert told("work-us-east-1.images") == ([], "images")


def test_the_words_of_the_first_releases_are_found_in_their_lines(holding):
    found = holding(LEAST + f"target:\n  name: away\n  region: eu-north-1\n  subnet_id: {SUBNET}\n")
    assert found["targets.away.region"] == Effective(
        key="targets.away.region", value="eu-north-1", line=8
    )
    assert found["targets.away.fixed.subnet_ids"] == Effective(
        key="targets.away.fixed.subnet_ids", value=[SUBNET], line=9
    )


def test_no_line_of_the_page_is_left_out(holding):
    parts = {key.partition(".")[0] for key in holding(LEAST)}
    assert parts == set(Page.model_fields)
