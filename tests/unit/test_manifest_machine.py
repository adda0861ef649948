"""Whatever stands in a manifest, there is a verdict: an agent that the Lambdas can read, or problems by known codes."""

import json
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.shared.agent import Agent
from infra.agents import serialized
from infra.manifests.actions import MODELS
from infra.manifests.codes import ERRORS, WARNINGS
from infra.manifests.compile import compile_manifest
from infra.manifests.manifest import Manifest
from infra.manifests.unreadable import Unreadable
from infra.manifests.yaml_text import read
from infra.page import ROOT

WORDS = st.sampled_from(
    [
        "greet",
        "one",
        "",
        "{name}",
        "{",
        "..",
        "/etc/passwd",
        "https://a.example/{name}",
        "rest",
        "1",
    ]
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), WORDS, st.text(max_size=8)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(WORDS, st.sampled_from(["name", "type", "kind"])), inner, max_size=3
        ),
    ),
    max_leaves=8,
)
MEMBERS = sorted({name for model in MODELS.values() for name in model.model_fields})
ACTIONS = st.dictionaries(
    st.sampled_from([*MEMBERS, "type", "appkey", "emit_data"]), VALUES, max_size=5
).flatmap(
    lambda members: st.sampled_from([*MODELS, "graphQL", "no"]).map(
        lambda k: {**members, "kind": k}
    )
)
SCHEMAS = st.fixed_dictionaries(
    {"type": st.just("object")},
    optional={
        "properties": st.one_of(VALUES, st.dictionaries(WORDS, VALUES, max_size=2)),
        "required": VALUES,
    },
)
FUNCTIONS = st.fixed_dictionaries(
    {"name": st.sampled_from(["greet", "categorize"]), "parameters": st.one_of(VALUES, SCHEMAS)}
)
MANIFESTS = st.fixed_dictionaries(
    {"title": st.one_of(st.just("One"), VALUES), "prompt": st.one_of(st.just("Be one."), VALUES)},
    optional={
        "version": st.sampled_from([1, 2, "2", 3, None, True]),
        "functions": st.one_of(
            VALUES,
            st.lists(FUNCTIONS, max_size=3),
        ),
        "actions": st.one_of(
            VALUES, st.dictionaries(st.sampled_from(["greet", "categorize"]), ACTIONS, max_size=2)
        ),
        **{
            name: VALUES
            for name in [*Manifest.model_fields, "sample2", "embeddings", "wip"]
            if name not in ("title", "prompt", "version", "functions", "actions")
        },
    },
)


def judged(text, suffix):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"one{suffix}"
        file.write_text(text, encoding="utf-8")
        return compile_manifest(file)


@given(MANIFESTS)
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_manifest_gets_a_verdict(manifest):
    verdict = judged(json.dumps(manifest), ".json")
    assert {problem.code for problem in verdict.problems} <= set(ERRORS)
    assert {warning.code for warning in verdict.warnings} <= {*ERRORS, *WARNINGS}
    assert (verdict.agent is None) == bool(verdict.problems)
    if verdict.agent is not None:
        carried = json.loads(serialized({"one": verdict.agent}))
        assert carried["one"] == verdict.agent
        agent = Agent.of("one", carried["one"])
        assert set(agent.actions) == set(agent.functions)


@given(st.text(alphabet="ab:{}[]-&*!?|> \n\t'\"#%1.", max_size=60))
@settings(max_examples=250, deadline=None)
def test_every_text_is_read_or_refused(text):
    for suffix in (".yaml", ".json"):
        verdict = judged(text, suffix)
        assert verdict.agent is not None or {one.code for one in verdict.problems} <= set(ERRORS)


@given(VALUES)
@settings(max_examples=150, deadline=None)
def test_what_yaml_reads_is_what_was_written(value):
    text = yaml.safe_dump({"value": value}, allow_unicode=True)
    try:
        written, _ = read(text)
    except Unreadable:
        return
    assert written == yaml.safe_load(text)


SHIPPED = [ROOT / "agents" / "ec2.yaml", ROOT / "agents" / "meeting.yaml"]


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
@pytest.mark.parametrize("key", ["title", "prompt", "functions", "actions", "slots"])
@given(value=VALUES)
@settings(max_examples=15, deadline=None)
def test_a_shipped_manifest_with_one_strange_value_gets_a_verdict(file, key, value):
    manifest = {**yaml.safe_load(file.read_text(encoding="utf-8")), key: value}
    verdict = judged(json.dumps(manifest), ".json")
    assert (verdict.agent is None) == bool(verdict.problems)
