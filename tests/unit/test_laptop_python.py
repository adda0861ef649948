"""Agents that run Python on a laptop: what its page says of them, and where they are refused."""

import ctypes
import hashlib
import sys

import pytest
import yaml

from local import python
from local.refusal import CannotRun
from tests.unit.test_reload import Desk, wish_of

ANALYST = """
version: 2
title: Analyst
prompt: Analyse.
notebook: true
resources: [table.csv]
functions:
  - name: run_python_code
    parameters: {type: object, properties: {code: {type: string}}, required: [code]}
"""
FIGURES = """
version: 2
title: Figures
prompt: Compute.
module: figures.py
functions:
  - name: half
    parameters: {type: object, properties: {of: {type: number}}, required: [of]}
"""
SOURCE = "def half(of):\n    return of / 2\n"
NETWORK = {"vpc_id": "vpc-0123456789", "subnet_ids": ["subnet-0123456789", "subnet-0123456780"]}


@pytest.fixture(autouse=True)
def namespaces(monkeypatch):
    """This machine gives them."""
    given = [True]
    monkeypatch.setattr(python, "has_namespaces", lambda: given[0])
    return given


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path)
    (desk.file.parent / "table.csv").write_text("a\n1\n")
    (desk.file.parent / "figures.py").write_text(SOURCE)
    (desk.file.parent / "analyst.yaml").write_text(ANALYST)
    (desk.file.parent / "figures.yaml").write_text(FIGURES)
    desk.looks()
    desk.brought_in.clear()
    return desk


def page_says(tmp_path, **sandbox):
    (tmp_path / "countersign.yaml").write_text(yaml.safe_dump({"sandbox": sandbox}))


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_every_module_of_the_agents_is_listed_as_it_lies_there(desk):
    sandbox = desk.wish.checked().page["sandbox"]
    assert sandbox == {"modules": {"figures.py": sha256(SOURCE)}, "unconfined": False}


def test_the_homes_own_lines_hold_but_for_those_of_its_account(desk, tmp_path):
    page_says(tmp_path, seconds=20, network=NETWORK, modules={})
    sandbox = desk.wish.checked().page["sandbox"]
    assert sandbox["seconds"] == 20
    assert "network" not in sandbox


def test_agents_without_python_need_no_lines(tmp_path):
    desk = Desk(tmp_path)
    assert "sandbox" not in desk.wish.checked().page


@pytest.mark.parametrize(
    ("file", "text"), [("figures.py", SOURCE + "# changed\n"), ("table.csv", "a\n1\n2\n")]
)
def test_a_changed_file_of_an_agent_is_brought_in(desk, file, text):
    (desk.file.parent / file).write_text(text)
    desk.looks()
    assert len(desk.brought_in) == 1
    assert desk.told == []


def test_a_file_beside_the_agents_that_none_names_is_not(desk):
    (desk.file.parent / "notes.txt").write_text("later")
    desk.looks()
    assert desk.brought_in == []


def test_a_module_that_is_not_what_the_page_lists_is_told(desk, tmp_path):
    page_says(tmp_path, modules={"figures.py": "0" * 64})
    [warning] = desk.wish.checked().warnings
    assert warning.startswith("figures.py is not what countersign.yaml lists: a deployment stops")
    assert sha256(SOURCE) in warning
    assert desk.wish.checked().page["sandbox"]["modules"] == {"figures.py": sha256(SOURCE)}


def test_a_module_that_the_page_lists_is_not_told(desk, tmp_path):
    page_says(tmp_path, modules={"figures.py": sha256(SOURCE)})
    assert desk.wish.checked().warnings == ()


def test_where_python_cannot_be_confined_it_is_refused_in_one_sentence(desk, namespaces):
    namespaces[0] = False
    with pytest.raises(CannotRun) as refused:
        desk.wish.checked()
    assert str(refused.value) == (
        "analyst and figures run Python, and this machine gives no namespaces to confine it: take "
        "the manifests away, or let agents' code read what you can read with `make local UNCONFINED=1`."
    )


def test_unless_somebody_said_unconfined(tmp_path, desk, namespaces):
    namespaces[0] = False
    wish = wish_of(tmp_path, is_unconfined=True)
    assert wish.checked().page["sandbox"]["unconfined"] is True


def test_agents_without_python_run_anywhere(tmp_path, namespaces):
    namespaces[0] = False
    assert Desk(tmp_path).wish.checked()


def test_an_agent_that_cannot_be_confined_leaves_what_runs(tmp_path, namespaces):
    namespaces[0] = False
    desk = Desk(tmp_path)
    (desk.file.parent / "table.csv").write_text("a\n1\n")
    (desk.file.parent / "analyst.yaml").write_text(ANALYST)
    desk.looks()
    assert desk.brought_in == []
    assert desk.told[0].startswith("analyst runs Python, and this machine gives no namespaces")


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux has namespaces.")
def test_namespaces_are_tried_without_hiding_the_process_that_asks(monkeypatch):
    monkeypatch.undo()
    is_dumpable, make_dumpable = 3, 4
    linux = ctypes.CDLL(None)
    linux.prctl(make_dumpable, 1, 0, 0, 0)
    python.has_namespaces.cache_clear()
    python.has_namespaces()
    assert linux.prctl(is_dumpable, 0, 0, 0, 0) == 1
