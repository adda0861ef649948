"""The list of the page's keys and the editors' schema are those of the model, and fit the pages that are shipped."""

import json
import re

import fastjsonschema
import pytest
import yaml
from pydantic import BaseModel, ValidationError

from infra.page import EXAMPLE, ROOT, Page
from infra.page_reference import PAGE_FILE, PARTS, SCHEMA_FILE, page, schema_text

LEAST = {"stage": "dev", "launch": "live", "region": "eu-west-1", "model": {"name": "a-model"}}
DOMAIN_ARN = "arn:aws:acm:eu-west-1:123456789012:certificate/a1"


@pytest.fixture(scope="module")
def is_marked():
    check = fastjsonschema.compile(
        json.loads(SCHEMA_FILE.read_text(encoding="utf-8")), use_default=False
    )

    def is_marked_(value):
        try:
            check(value)
        except fastjsonschema.JsonSchemaValueException:
            return True
        return False

    return is_marked_


@pytest.mark.parametrize(("file", "made"), [(SCHEMA_FILE, schema_text), (PAGE_FILE, page)])
def test_the_shipped_file_is_what_make_config_docs_writes(file, made):
    assert file.read_text(encoding="utf-8") == made()


@pytest.mark.parametrize("model", [Page, *PARTS.values()], ids=lambda model: model.__name__)
def test_every_key_of_every_part_is_listed_with_what_it_means(model):
    text = PAGE_FILE.read_text(encoding="utf-8")
    for name, field in model.model_fields.items():
        assert field.description, name
        assert f"| `{field.alias or name}` |" in text


def test_no_part_of_the_page_is_left_out():
    named = {model.__name__ for model in PARTS.values()}
    assert named == set(Page.model_json_schema()["$defs"])
    assert all(issubclass(model, BaseModel) for model in PARTS.values())


def test_the_example_tells_editors_of_the_schema_and_is_not_marked(is_marked):
    text = (ROOT / EXAMPLE).read_text(encoding="utf-8")
    first = text.splitlines()[0]
    assert first == f"# yaml-language-server: $schema={SCHEMA_FILE.relative_to(ROOT)}"
    assert not is_marked(yaml.safe_load(text))
    shown = re.sub(r"^# (?= *[A-Za-z_]+:)", "", text, flags=re.MULTILINE)
    assert not is_marked(yaml.safe_load(shown))


@pytest.mark.parametrize(
    "changes",
    [
        {"budgets": False},
        {"targets": {"a": {"regions": ["eu-west-1", "us-east-1"]}}},
        {"targets": {"a": {"regions": {"eu-west-1": {"encrypted_root_volume": True}}}}},
        {"mail": {"channel": "ses", "from": "a@example.com"}},
        {"domain": {"name": "c.example.com", "certificate_arn": DOMAIN_ARN}},
        {"tags": {"Owner": "platform"}, "allowed_cidrs": ["203.0.113.0/24"]},
        {"target": {"region": "eu-west-1"}},
        {"lease_hours": 720, "fresh_sign_in_minutes": 0},
    ],
    ids=lambda changes: ",".join(changes),
)
def test_what_the_page_takes_is_not_marked(is_marked, changes):
    assert Page.model_validate({**LEAST, **changes})
    assert not is_marked({**LEAST, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"stage": "test"},
        {"launch": "maybe"},
        {"launch": None},
        {"approver": []},
        {"account": 123456789012},
        {"budgets": {"people": 3}},
        {"budgets": {"turns": 0}},
        {"lease_hours": 721},
        {"mail": {"sender": "not an address"}},
        {"targets": {"Default": {}}},
        {"targets": {"a": {"fixed": {"user_data": "x"}}}},
        {"targets": {"a": {"regions": ["Europe"]}}},
        {"tags": {"Owner": 4711}},
        {"tags": {"Ow;ner": "a"}},
        {"domain": {"name": "c.example.com"}},
        {"model": {"name": "m", "base_url": "https://user:key@model.example/v1"}},
    ],
    ids=json.dumps,
)
def test_a_mistake_is_marked_where_it_is_typed(is_marked, changes):
    with pytest.raises(ValidationError):
        Page.model_validate({**LEAST, **changes})
    assert is_marked({**LEAST, **changes})
