"""With one target nobody is asked where; with several the model has to say, and one request runs in one of them."""

import json

import pytest

from functions.chat.model import RequestedCall
from functions.chat.target_argument import aimed
from functions.chat.tool_calls import check_calls
from functions.shared.agent import Agent
from functions.shared.targets import Target, Targets, UnknownTarget
from infra.agents import compile_agents
from infra.page import ROOT

HOME = Target(name="default", account="123456789012", region="eu-west-1")
AWAY = Target(name="workloads", account="210987654321", region="eu-north-1")
BOTH = Targets([HOME, AWAY])
INSTANCE = {"image_id": "ami-0123456789abcdef0", "instance_type": "t3.micro", "key_name": "kondo"}
RUNBOOK = {
    "kind": "document",
    "document": "Company-Restart",
    "version": "4",
    "role": f"arn:aws:iam::{AWAY.account}:role/Restart",
    "approval": "always",
}


@pytest.fixture(scope="module")
def ec2():
    return Agent.of("ec2", compile_agents(ROOT / "agents")["ec2"])


def asking(agent, *calls):
    requested = [
        RequestedCall(f"call_{number}", name, json.dumps(arguments))
        for number, (name, arguments) in enumerate(calls, start=1)
    ]
    return check_calls(requested, agent=agent, turn=1, used_ids=frozenset())


def launching(**more):
    return ("run_instances", {**INSTANCE, **more})


def test_with_one_target_the_model_is_offered_exactly_what_the_manifest_says(ec2):
    alone = aimed(ec2, Targets([HOME]))
    assert alone is ec2
    assert json.dumps(alone.tools()) == json.dumps(ec2.tools())
    [call] = asking(alone, launching(target="default"))
    assert "target" in call.complaint


def test_with_several_every_call_to_aws_has_to_name_one(ec2):
    both = aimed(ec2, BOTH)
    assert both.functions.keys() == ec2.functions.keys()
    for name, function in both.functions.items():
        schema = function["parameters"]
        assert schema["properties"]["target"] == {
            "type": "string",
            "enum": ["default", "workloads"],
            "description": (
                "Where it runs. Ask the person which one is meant. default: account 123456789012, eu-west-1; "
                "workloads: account 210987654321, eu-north-1."
            ),
        }, name
        assert schema["required"][-1] == "target"
    assert "target" not in ec2.functions["run_instances"]["parameters"]["properties"]


def test_a_function_that_does_not_go_to_aws_is_asked_nothing_more(ec2):
    compiled = {
        "title": "T",
        "prompt": "P",
        "digest": "d" * 64,
        "functions": [{"name": "look", "parameters": {"type": "object", "properties": {}}}],
        "actions": {"look": {"kind": "message_template", "message": "m"}},
    }
    agent = Agent.of("t", compiled)
    assert aimed(agent, BOTH).functions == agent.functions


@pytest.mark.parametrize("named", [{}, {"target": "Default"}, {"target": "elsewhere"}])
def test_a_call_that_names_no_known_target_is_refused_to_the_model(ec2, named):
    [call] = asking(aimed(ec2, BOTH), launching(**named))
    assert call.complaint
    assert call.target is None


def test_a_call_goes_where_it_says(ec2):
    [call] = asking(aimed(ec2, BOTH), launching(target="workloads"))
    assert (call.complaint, call.target) == ("", AWAY)


def test_the_second_target_of_one_answer_is_to_be_asked_for_separately(ec2):
    calls = asking(
        aimed(ec2, BOTH),
        launching(target="workloads"),
        launching(target="default"),
        launching(target="workloads", key_name="other"),
        ("list_images", {"target": "default"}),
    )
    assert [bool(call.complaint) for call in calls] == [False, True, False, False]
    assert "ask for it separately" in calls[1].complaint
    assert "default beside workloads" in calls[1].complaint


def test_a_runbook_goes_to_the_account_of_its_role(ec2):
    compiled = {
        "title": "T",
        "prompt": "P",
        "digest": "d" * 64,
        "functions": [
            {"name": "restart", "parameters": {"type": "object", "properties": {}}},
        ],
        "actions": {"restart": RUNBOOK},
    }
    agent = aimed(Agent.of("t", compiled), BOTH)
    assert "target" not in agent.functions["restart"]["parameters"]["properties"]
    [call] = asking(agent, ("restart", {}))
    assert (call.complaint, call.target) == ("", AWAY)


def test_targets_are_read_back_as_they_were_written():
    away = Target(
        name="w",
        account="210987654321",
        region="us-gov-west-1",
        look_role="arn:aws-us-gov:iam::210987654321:role/look",
        external_id="any-long-word",
        fixed={"SubnetIds": ["subnet-0123456789abcdef0"]},
    )
    text = Targets([HOME, away]).text("look_role", "external_id", "fixed")
    assert list(Targets.parsed(text)) == [HOME, away]
    assert away.partition == "aws-us-gov"
    assert list(Targets.parsed(Targets([away]).text()))[0].look_role == ""
    later = json.dumps([{**HOME.written(), "not_known_yet": 1}])
    assert list(Targets.parsed(later)) == [HOME]


def plan(**more):
    return {"target": "workloads", "account": AWAY.account, "region": AWAY.region, **more}


@pytest.mark.parametrize("change", [{"account": "1" * 12}, {"region": "eu-west-1"}, {"target": 7}])
def test_a_plan_is_of_a_target_only_where_name_account_and_region_fit(change):
    assert BOTH.of(plan()) == AWAY
    with pytest.raises(UnknownTarget):
        BOTH.of(plan(**change))


def test_an_instance_is_found_under_the_name_that_its_target_has_today():
    assert BOTH.reaching(plan(target="as-it-was-called")) == AWAY
    assert BOTH.reaching(plan(region="us-east-1")) is None
    twin = Target(name="twin", account=AWAY.account, region=AWAY.region)
    assert Targets([twin, AWAY]).reaching(plan()) == AWAY


def test_there_is_no_deployment_without_a_target():
    with pytest.raises(ValueError, match="at least one"):
        Targets([])
