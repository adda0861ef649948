"""The gallery as an operator finds it: nothing of it is deployed, everything can be copied."""

import re
import shutil

import pytest

from functions.shared.kinds import KINDS
from infra.agents import compile_agents, read_folder, uses_python
from infra.page import ROOT

GALLERY = ROOT / "agents" / "gallery"
SHOWN_ELSEWHERE = {"slots", "aws"}
"""By the agents beside the gallery."""
IDS = sorted(file.stem for file in GALLERY.glob("*.yaml"))


def test_nothing_of_the_gallery_is_deployed_unless_it_is_copied():
    shipped = compile_agents(ROOT / "agents")
    assert set(shipped).isdisjoint(IDS)
    assert not uses_python(shipped)


def test_no_manifest_has_a_problem_or_a_warning():
    assert [verdict.warnings for verdict in read_folder(GALLERY)] == [()] * len(IDS)


def test_there_is_one_for_every_kind():
    compiled = compile_agents(GALLERY)
    kinds = {action["kind"] for agent in compiled.values() for action in agent["actions"].values()}
    assert kinds == set(KINDS) - SHOWN_ELSEWHERE


def test_the_page_lists_every_manifest_with_its_kinds():
    page = (GALLERY / "README.md").read_text()
    listed = dict(re.findall(r"^\| \[(\w+)\]\(\w+\.yaml\) \| (.*?) \|", page, re.MULTILINE))
    assert sorted(listed) == IDS
    for agent_id, agent in compile_agents(GALLERY).items():
        assert all(
            f"`{action['kind']}`" in listed[agent_id] for action in agent["actions"].values()
        )


@pytest.mark.parametrize("agent_id", sorted(set(IDS) - {"reception"}))
def test_one_that_is_copied_with_its_files_is_an_agent_of_its_own(agent_id, tmp_path):
    agents = tmp_path / "agents"
    agents.mkdir()
    for file in GALLERY.glob(f"{agent_id}.*"):
        shutil.copy(file, agents)
    assert compile_agents(agents)[agent_id] == compile_agents(GALLERY)[agent_id]
