"""The reference page and the editors' schema are those of the models, and fit the shipped manifests."""

import json

import fastjsonschema
import pytest
import yaml

from infra.manifests.compile import is_manifest
from infra.manifests.manifest import Manifest
from infra.manifests.reference import PAGE_FILE, SCHEMA_FILE, page, schema_text
from infra.page import ROOT
from tests.support.manifests import acting

SHIPPED = sorted(file for file in (ROOT / "agents").rglob("*.y*ml") if is_manifest(file))
LEAST = {"version": 2, "title": "One", "prompt": "Be one."}


@pytest.fixture(scope="module")
def marked():
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    check = fastjsonschema.compile(schema, use_default=False)

    def marked_(value):
        try:
            check(value)
        except fastjsonschema.JsonSchemaValueException as error:
            return error.message
        return ""

    return marked_


@pytest.mark.parametrize(("file", "made"), [(SCHEMA_FILE, schema_text), (PAGE_FILE, page)])
def test_the_shipped_file_is_what_make_manifest_docs_writes(file, made):
    assert file.read_text(encoding="utf-8") == made()


def test_the_page_tells_of_every_key():
    text = PAGE_FILE.read_text(encoding="utf-8")
    assert [name for name in Manifest.model_fields if f"| `{name}` |" not in text] == []


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_an_editor_finds_nothing_wrong_with_a_shipped_manifest(marked, file):
    value = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert marked(value) == ""


@pytest.mark.parametrize(
    ("members", "is_good"),
    [
        ({}, True),
        ({"titel": "One"}, False),
        ({"sample2": "Hello"}, True),
        ({"temperature": 3}, False),
        (acting("rest", url="https://example.com/"), True),
        (acting("rest"), False),
        (acting("shell"), False),
        (acting("rest", url="https://example.com/", verb="GET"), False),
        ({"actions": {"greet": {"type": "rest", "url": "https://example.com/"}}}, True),
        (
            {"actions": {"greet": {"type": "graphQL", "url": "https://a.example/", "appkey": "K"}}},
            True,
        ),
        (
            {
                "actions": {
                    "greet": {
                        "type": "emit",
                        "emit_method": "switch_session",
                        "emit_data": {"agent": "two"},
                    }
                }
            },
            True,
        ),
        ({"slots": ["date"]}, False),
        ({"policy": {"greet": {"approval": "sometimes"}}}, False),
    ],
)
def test_an_editor_marks_what_is_wrong_in_version_2(marked, members, is_good):
    assert (marked({**LEAST, **members}) == "") is is_good


def test_an_editor_lets_slashgpt_s_manifests_be(marked):
    assert marked({"title": "One", "wip": True, "temperature": "0", "prompt": ["a"]}) == ""
