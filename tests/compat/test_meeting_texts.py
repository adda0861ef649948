"""The shipped meeting against the recorded texts: functions, first and later system messages, the hint."""

import json
from datetime import UTC, datetime

import pytest

from functions.chat.prompt import system_prompt, user_text
from functions.shared.agent import Agent
from infra.manifests.compile import compile_manifest
from infra.page import ROOT
from tests.support.meeting import HINT, ITEMS, PROMPT, current, initial

RECORDED = ROOT.parent / "shared" / "acceptance" / "several_functions.json"
pytestmark = pytest.mark.skipif(
    not RECORDED.exists(),
    reason="the recorded texts are not here; tests/integration/test_several_functions.py has its own",
)


@pytest.fixture(scope="module")
def recorded():
    return json.loads(RECORDED.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def agent():
    return Agent.of("meeting", compile_manifest(ROOT / "agents" / "meeting.yaml").compiled())


def said(agent, slots, *, is_first):
    return system_prompt(
        agent,
        agents=lambda _: agent,
        now=datetime(2026, 1, 2, tzinfo=UTC),
        seed="",
        memory=None,
        slots=slots,
        is_first=is_first,
    )


def test_mf_01_to_05_the_functions_are_the_recorded_ones(recorded, agent):
    assert [dict(function) for function in agent.functions.values()] == recorded["functions"]


def test_mf_06_07_the_first_system_message_is_the_recorded_one(recorded, agent):
    assert said(agent, None, is_first=True) == recorded["initial_system"] == initial()
    assert agent.slots is not None
    assert agent.slots.empty() == recorded["user_items"] == ITEMS


def test_mf_12_later_system_messages_are_the_recorded_ones(recorded, agent):
    known = {**ITEMS, "date": "明日"}
    suffix = recorded["updated_system_suffix"].format(user_items=known)
    assert recorded["pre_system_message"] == PROMPT
    assert said(agent, known, is_first=False) == PROMPT + suffix == current(date="明日")


def test_mf_10_the_hint_is_the_recorded_one(recorded, agent):
    assert user_text(agent, "明日") == f"明日{recorded['user_suffix']}" == f"明日{HINT}"
