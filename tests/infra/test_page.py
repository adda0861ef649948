"""The operator's page: what it takes, and what it says of a mistake."""

import re

import pytest
import yaml

from infra.page import EXAMPLE, ROOT, BadPage, Page, read_page

LEAST = {"stage": "dev", "region": "eu-west-1", "model": {"name": "a-model"}}


@pytest.fixture
def written(tmp_path):
    def write(**changes):
        (tmp_path / "countersign.yaml").write_text(yaml.safe_dump({**LEAST, **changes}))
        return tmp_path

    return write


def test_a_fresh_clone_synthesizes_with_the_example(monkeypatch, tmp_path):
    (tmp_path / EXAMPLE).write_text((ROOT / EXAMPLE).read_text())
    monkeypatch.setattr("infra.page.ROOT", tmp_path)
    page = read_page(tmp_path, {})
    assert (page.stack, page.stage, page.approval_timeout_seconds) == ("Countersign", "dev", 3600)


def test_the_example_shows_every_key_that_is_for_operators():
    text = (ROOT / EXAMPLE).read_text()
    shown = yaml.safe_load(re.sub(r"^# (?= *[a-z_]+:)", "", text, flags=re.MULTILINE))
    assert Page.model_validate(shown).stack == "Countersign"
    assert set(shown) == set(Page.model_fields) - {"login"}


def test_another_directory_must_have_its_page(tmp_path):
    with pytest.raises(BadPage, match="does not exist"):
        read_page(tmp_path, {})


def test_the_environment_overrides_the_page(written):
    environment = {
        "CHAT_MODEL": "another",
        "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
        "APPROVAL_TIMEOUT_SECONDS": "600",
    }
    page = read_page(written(), environment)
    assert (page.model.name, page.model.base_url) == ("another", "http://127.0.0.1:1/v1")
    assert page.approval_timeout_seconds == 600
    assert page.model_label == "another"


def test_calls_run_in_the_stack_s_region_unless_the_target_names_one(written):
    assert read_page(written(), {}).target_region == "eu-west-1"
    elsewhere = written(target={"region": "us-east-2"})
    assert read_page(elsewhere, {}).target_region == "us-east-2"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": {}}, "countersign.yaml: model: no model is named"),
        ({"model": None}, "no model is named"),
        ({"stage": "test"}, "stage: Input should be 'local', 'dev' or 'prod'"),
        ({"stage": "prod", "self_confirm": True}, "self_confirm is refused for prod"),
        ({"approvers": []}, "approvers: Extra inputs are not permitted"),
        ({"region": "Europe"}, "region: "),
        ({"approval_timeout_seconds": 0}, "approval_timeout_seconds: "),
        ({"time_zone": "Europe/Atlantis"}, "time_zone 'Europe/Atlantis'"),
        ({"mail": {"channel": "ses"}}, "mail: mail.from is needed"),
        ({"mail": {"recipients": ["carol"]}}, "mail.recipients.0: "),
        ({"origin": "http://example.com"}, "origin must be https"),
        ({"origin": "https://example.com/chat"}, "origin: "),
        ({"login": {"login_url": "http://x", "token_url": "http://x"}}, "login is for the stage"),
        ({"account": 123456789012}, "account: "),
    ],
)
def test_a_mistake_is_one_line_with_its_key(written, changes, said):
    with pytest.raises(BadPage) as caught:
        read_page(written(**changes), {})
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_page_that_is_not_yaml_is_one_line(tmp_path):
    (tmp_path / "countersign.yaml").write_text("stage: [dev\nregion: x")
    with pytest.raises(BadPage) as caught:
        read_page(tmp_path, {})
    assert "\n" not in str(caught.value)
