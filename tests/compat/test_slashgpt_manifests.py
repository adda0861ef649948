"""SlashGPT's own manifests, unmodified: each loads or says why not, and leads to the request that SlashGPT sends."""

import json
import re
from collections import Counter
from datetime import UTC, datetime
from functools import cache

import pytest

from functions.chat.prompt import system_prompt, user_text
from functions.shared.agent import Agent
from infra.agents import read_folder
from infra.manifests.compile import is_manifest
from infra.page import ROOT
from tests.support.talking import Known

SLASHGPT = ROOT.parent / "shared" / "slashgpt"
pytestmark = pytest.mark.skipif(
    not SLASHGPT.is_dir(), reason="SlashGPT's manifests are not beside this checkout"
)
REQUESTS = SLASHGPT / "requests.visible.jsonl"


def cases():
    lines = REQUESTS.read_text(encoding="utf-8").splitlines() if REQUESTS.exists() else []
    return [json.loads(line) for line in lines]


@cache
def verdicts():
    """What became of every manifest, by its path below manifests/."""
    home = SLASHGPT / "manifests"
    folders = sorted({file.parent for file in home.rglob("*") if is_manifest(file)})
    return {
        (folder.name, verdict.id): verdict for folder in folders for verdict in read_folder(folder)
    }


def agents_of_set(name):
    return {
        agent_id: Agent.of(agent_id, verdict.compiled())
        for (folder, agent_id), verdict in verdicts().items()
        if folder == name
    }


def asked(case):
    """The agent of a case, and the case's set."""
    folder, agent_id = re.fullmatch(r"manifests/(\w+)/(.+)\.\w+", case["manifest_path"]).groups()
    agents = agents_of_set(folder)
    return agents[agent_id], Known(agents.values())


def first_prompt(case):
    agent, others = asked(case)
    return agent, system_prompt(
        agent,
        agents=others.get,
        now=datetime.fromisoformat(case["now"]).replace(tzinfo=UTC),
        seed="conversation",
        memory=case["memory"],
        slots=None,
        is_first=True,
    )


def test_all_118_manifests_load_and_what_this_product_does_not_do_is_named():
    assert len(verdicts()) == 118
    assert [str(problem) for one in verdicts().values() for problem in one.problems] == []
    missing = {
        agent_id
        for (_, agent_id), one in verdicts().items()
        if "module_missing" in [warning.code for warning in one.warnings]
    }
    assert missing == {"browser", "products", "web3", "blip2"}
    told = Counter(warning.code for one in verdicts().values() for warning in one.warnings)
    assert told["ghost_required"] == 2
    assert told["embeddings_ignored"] == 3
    assert told["unknown_key"] == len(
        [one for one in verdicts().values() if "unknown_key" in {w.code for w in one.warnings}]
    )


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_a_manifest_leads_to_the_messages_that_slashgpt_sends(case):
    agent, prompt = first_prompt(case)
    first = case["messages"][0]
    system = first["content"] if first["role"] == "system" else ""
    if case.get("random_from"):
        assert fits(prompt, agent, case)
    else:
        assert prompt == system
    assert user_text(agent, case["question"]) == case["messages"][-1]["content"]


def fits(prompt, agent, case):
    """Whether every `{random}` became another of the words, and nothing else differs."""
    words = read(case["manifest_path"])[case["random_from"]]
    pattern = re.escape(agent.prompt).replace(re.escape("{random}"), "(.+?)")
    drawn = re.fullmatch(pattern, prompt).groups()
    return len(set(drawn)) == len(drawn) and set(drawn) <= set(words)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_a_manifest_leads_to_the_tools_and_options_that_slashgpt_sends(case):
    agent, _ = asked(case)
    assert (agent.tools() or None) == case["tools"]
    assert agent.temperature == case["temperature"]
    wire = case.get("wire", {})
    chosen = wire.get("function_call")
    assert agent.tool_choice == ({"type": "function", "function": chosen} if chosen else None)
    declared = {function["name"]: function for function in wire.get("functions") or []}
    for name, function in agent.functions.items():
        assert function.items() <= declared[name].items()
    assert set(agent.functions) == set(declared)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_a_manifest_s_names_and_starters_are_those_of_slashgpt(case):
    agent, _ = asked(case)
    written = read(case["manifest_path"])
    assert agent.title == case["title"]
    assert (agent.name or f"Agent({agent.id})") == case["botname"]
    assert list(agent.intro) == (case["intro"] or [])
    assert list(agent.samples) == [written[key] for key in case["samples"]]


def read(path):
    file = SLASHGPT / path
    if file.suffix == ".json":
        return json.loads(file.read_text(encoding="utf-8"))
    import yaml

    return yaml.safe_load(file.read_text(encoding="utf-8"))


def kinds_of(agent):
    """The line of the table in docs/acceptance.md that a manifest counts in."""
    kinds = {action.kind for action in agent.actions.values()}
    return ", ".join(sorted(kinds)) if kinds else "no function"


def test_the_table_counts_the_118_manifests_by_their_kinds_of_action():
    counted = Counter(
        kinds_of(Agent.of(agent_id, one.compiled())) for (_, agent_id), one in verdicts().items()
    )
    page = (ROOT / "docs" / "acceptance.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:[a-z_]+(?:, )?)+|no function) \| (\d+) \| ", page, re.MULTILINE)
    assert {kind: int(count) for kind, count in rows} == counted
