"""Manifests are checked and compiled at synth; what the model is offered is what was written."""

import json
import re

import pytest
import yaml

from infra.agents import BadManifest, compile_agents, launchable_types, serialized
from infra.page import ROOT

SCHEMA = {
    "type": "object",
    "properties": {"instance_type": {"type": "string", "enum": ["t3.nano"]}},
}
LAUNCH = {
    "version": 2,
    "title": "Launcher",
    "prompt": "Ask.",
    "functions": [{"name": "launch", "description": "Launch.", "parameters": SCHEMA}],
    "actions": {"launch": {"kind": "aws", "operation": "run_instances"}},
}


@pytest.fixture
def compiled(tmp_path):
    def compile_(**changes):
        (tmp_path / "one.yaml").write_text(yaml.safe_dump({**LAUNCH, **changes}, sort_keys=False))
        return compile_agents(tmp_path)

    return compile_


def test_a_schema_reaches_the_model_as_written(compiled):
    strange = {"b": {"default": None}, "a": {"type": "string"}}
    schema = {"type": "object", "properties": {**strange, **SCHEMA["properties"]}}
    functions = [{**LAUNCH["functions"][0], "parameters": schema}]
    [function] = compiled(functions=functions)["one"]["functions"]
    assert json.dumps(function["parameters"]) == json.dumps(schema)


def test_agents_are_sorted_by_id_and_equal_manifests_give_equal_bytes(compiled, tmp_path):
    (tmp_path / "another.json").write_text(json.dumps(LAUNCH))
    agents = compiled()
    assert list(agents) == ["another", "one"]
    assert agents["another"]["digest"] == agents["one"]["digest"]
    assert serialized(agents) == serialized(compile_agents(tmp_path))


def test_a_changed_manifest_has_another_digest(compiled):
    assert compiled()["one"]["digest"] != compiled(prompt="Ask twice.")["one"]["digest"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"prompt": ""}, "prompt: it is missing [missing_key]"),
        ({"polices": {}}, "polices: there is no such key [unknown_key]"),
        ({"actions": {"launch": {"kind": "rest"}}}, "actions.launch.url: it is missing"),
        ({"actions": {"launch": {"kind": "shell"}}}, "actions.launch.kind: unknown kind 'shell'"),
        (
            {"actions": {"launch": {"kind": "aws", "operation": "create_user"}}},
            "actions.launch.operation: unknown operation 'create_user'",
        ),
        ({"actions": {**LAUNCH["actions"], "b": LAUNCH["actions"]["launch"]}}, "is named b"),
        ({"functions": LAUNCH["functions"] * 2}, "two functions are named launch"),
        (
            {"functions": [{**LAUNCH["functions"][0], "parameters": {"type": "string"}}]},
            "functions.0.parameters.type: the schema's type must be object",
        ),
        (
            {
                "functions": [
                    {
                        **LAUNCH["functions"][0],
                        "parameters": {"type": "object", "properties": {"a": {"type": "nothing"}}},
                    }
                ]
            },
            "functions.0.parameters: ",
        ),
    ],
)
def test_a_bad_manifest_is_one_line_with_file_and_key(compiled, changes, said):
    with pytest.raises(BadManifest) as caught:
        compiled(**changes)
    assert re.match(r"one\.yaml:\d+: ", str(caught.value))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_manifest_that_is_not_yaml_is_one_line(tmp_path):
    (tmp_path / "one.yaml").write_text("title: [a\nb: c")
    with pytest.raises(BadManifest, match=r"^one\.yaml:2: [^\n]* \[bad_yaml\]$"):
        compile_agents(tmp_path)


def test_a_folder_without_a_manifest_is_refused(tmp_path):
    with pytest.raises(BadManifest, match="no manifest"):
        compile_agents(tmp_path)


def test_the_launch_role_admits_the_types_that_the_manifests_name(compiled):
    assert launchable_types(compiled()) == ["t3.nano"]
    shipped = launchable_types(compile_agents(ROOT / "agents"))
    assert shipped == ["t2.micro", "t2.small", "t3.micro", "t3.small"]


def test_operations_that_launch_nothing_name_no_types(compiled):
    extend = {"name": "extend", "description": "Extend.", "parameters": {"type": "object"}}
    agents = compiled(
        functions=[*LAUNCH["functions"], extend],
        actions={**LAUNCH["actions"], "extend": {"kind": "aws", "operation": "extend_lease"}},
    )
    assert launchable_types(agents) == ["t3.nano"]


def test_the_shipped_agent_s_first_function_launches():
    functions = compile_agents(ROOT / "agents")["ec2"]["functions"]
    assert functions[0]["name"] == "run_instances"


def test_an_agent_that_launches_any_type_is_refused(compiled):
    open_ended = {"type": "object", "properties": {"instance_type": {"type": "string"}}}
    with pytest.raises(BadManifest, match="instance_type needs an enum"):
        compiled(functions=[{**LAUNCH["functions"][0], "parameters": open_ended}])
