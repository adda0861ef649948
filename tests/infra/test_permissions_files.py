"""`make permissions`: the policies for one's own page, as files."""

import json

import pytest

from infra import permissions_files
from infra.page import Page
from tests.infra.conftest import COMMON
from tests.infra.deployed_policies import every_document


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(permissions_files, "ROOT", tmp_path)
    monkeypatch.setattr(permissions_files, "FOLDER", tmp_path / "permissions")
    return tmp_path / "permissions" / "Production"


def test_each_policy_is_a_file_that_is_named_and_none_of_before_is_left(
    folder, monkeypatch, capsys, production
):
    page = Page.model_validate({**COMMON, "stack": "Production", "stage": "prod"})
    monkeypatch.setattr(permissions_files, "synthesized", lambda *_: (page, production.content))
    folder.mkdir(parents=True)
    (folder / "execution-9.json").write_text("{}")
    assert permissions_files.main(["anywhere"]) is None
    wanted = every_document(("Production", production.content))
    assert {file.name: json.loads(file.read_text()) for file in folder.iterdir()} == wanted
    assert capsys.readouterr().out.split() == [f"permissions/Production/{name}" for name in wanted]


def test_a_page_without_its_account_is_told_before_anything_is_built(tmp_path, monkeypatch):
    monkeypatch.delenv("CDK_DEFAULT_ACCOUNT", raising=False)
    monkeypatch.setattr(permissions_files.stack_app, "build", lambda *_: pytest.fail("built"))
    written = {key: value for key, value in COMMON.items() if key != "account"}
    (tmp_path / "countersign.yaml").write_text(json.dumps({**written, "stage": "dev"}))
    said = permissions_files.main([str(tmp_path)])
    assert said == "countersign.yaml: policies name the account: write `account` on the page first."
