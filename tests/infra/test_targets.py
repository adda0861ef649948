"""Targets in other accounts: what the deployment is told of them, and what their stack grants to whom."""

import json

import pytest
from aws_cdk import App

from infra import target_app
from infra.environment import check_environment, deployed_length
from infra.interpreter import unmade_target
from infra.packages import Packages
from infra.page import BadPage, Page
from infra.stack import Countersign
from infra.target_stack import target_stack_name
from infra.targets import home_role_name, target_role_name
from infra.template import context_without_zips
from tests.infra.conftest import COMMON, WORKLOADS, WORKLOADS_SUBNET
from tests.infra.template import listed

HOME = "arn:aws:iam::123456789012:role/InSubnets-eu-west-1-"
THERE = f"arn:aws:iam::{WORKLOADS}:role/InSubnets-workloads-"
AWAY = {"account": WORKLOADS, "external_id": "choose-any-long-word"}


def page_with(**values):
    return Page.model_validate({**COMMON, "stage": "dev", **values})


def targets_told(template, room):
    variables = template.one("AWS::Lambda::Function", f"{room}/Function").properties["Environment"]
    return json.loads(variables["Variables"]["TARGETS"])


def trust_of(template, path):
    document = template.one("AWS::IAM::Role", path).properties["AssumeRolePolicyDocument"]
    return [
        (action, principal, statement.get("Condition"))
        for statement in document["Statement"]
        for action in listed(statement["Action"])
        for principal in listed(statement["Principal"]["AWS"])
    ]


def test_each_room_is_told_of_every_target_what_it_needs_and_no_more(in_subnets):
    role = {"Chat": "", "Preflight": "look", "Catalogue": "look", "EndLease": "lease"}
    for room, word in role.items():
        told = targets_told(in_subnets, room)
        assert [one["name"] for one in told] == [
            "default",
            "workloads-eu-west-1",
            "workloads-eu-north-1",
        ]
        assert [one["account"] for one in told] == ["123456789012", WORKLOADS, WORKLOADS]
        roles = [{name: one[name] for name in one if name.endswith("_role")} for one in told]
        assert roles[0] == {}
        assert roles[1] == roles[2] == ({f"{word}_role": THERE + word} if word else {})
        assert ["external_id" in one for one in told] == [False, bool(word), bool(word)]
    fixed = [one.get("fixed") for one in targets_told(in_subnets, "Chat")]
    assert fixed == [None, None, {"SubnetIds": [WORKLOADS_SUBNET]}]


def test_a_deployment_with_one_account_names_no_role_and_assumes_none_elsewhere(production):
    assert [one for one in production.rights() if one.action == "sts:AssumeRole"] == [
        one
        for one in production.rights_of("LaunchInstance/FunctionRole")
        if one.action == "sts:AssumeRole"
    ]
    names = [role.properties.get("RoleName") for role in production.of_type("AWS::IAM::Role")]
    assert set(names) == {None}


def test_a_room_assumes_the_one_role_of_another_account_that_is_for_it(in_subnets):
    held = {
        (right.holder, right.resource)
        for right in in_subnets.rights()
        if right.action == "sts:AssumeRole" and WORKLOADS in right.resource
    }
    assert held == {
        ("LaunchInstance/FunctionRole", THERE + "launch"),
        ("Preflight/FunctionRole", THERE + "look"),
        ("Catalogue/FunctionRole", THERE + "look"),
        ("EndLease/FunctionRole", THERE + "lease"),
    }


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("LaunchInstance/FunctionRole", "launch"),
        ("Preflight/FunctionRole", "preflight"),
        ("Catalogue/FunctionRole", "catalogue"),
        ("EndLease/FunctionRole", "lease"),
    ],
)
def test_a_room_that_another_account_trusts_has_the_name_that_is_trusted(in_subnets, path, word):
    role = in_subnets.one("AWS::IAM::Role", path)
    assert HOME + word == f"arn:aws:iam::123456789012:role/{role.properties['RoleName']}"


EXTERNAL = {"StringEquals": {"sts:ExternalId": "choose-any-long-word"}}


def test_the_launch_role_elsewhere_trusts_one_room_that_names_the_approval(in_workloads):
    named = {**EXTERNAL, "Null": {"sts:SourceIdentity": "false"}}
    assert trust_of(in_workloads, "LaunchRole") == [
        ("sts:AssumeRole", HOME + "launch", named),
        ("sts:SetSourceIdentity", HOME + "launch", None),
    ]


def test_the_other_roles_elsewhere_trust_the_rooms_that_look_and_end(in_workloads):
    looks = {(action, principal) for action, principal, _ in trust_of(in_workloads, "LookRole")}
    assert looks == {
        ("sts:AssumeRole", HOME + "preflight"),
        ("sts:AssumeRole", HOME + "catalogue"),
    }
    assert all(one[2] == EXTERNAL for one in trust_of(in_workloads, "LookRole"))
    assert trust_of(in_workloads, "LeaseRole") == [("sts:AssumeRole", HOME + "lease", EXTERNAL)]


def test_a_target_s_stack_has_three_roles_their_policies_and_nothing_else(in_workloads):
    assert {one.type for one in in_workloads.resources} == {"AWS::IAM::Role", "AWS::IAM::Policy"}
    names = {role.properties["RoleName"] for role in in_workloads.of_type("AWS::IAM::Role")}
    assert names == {f"InSubnets-workloads-{word}" for word in ("launch", "look", "lease")}


def test_the_look_role_only_reads(in_workloads):
    verbs = ("Describe", "List", "Get")
    actions = [right.action for right in in_workloads.rights_of("LookRole")]
    assert "iam:ListAccountAliases" in actions
    assert all(action.partition(":")[2].startswith(verbs) for action in actions)


def test_the_lease_role_ends_only_what_this_deployment_tagged(in_workloads):
    held = {
        right.action: (right.resource, right.conditions)
        for right in in_workloads.rights_of("LeaseRole")
        if right.action != "ec2:DescribeInstances"
    }
    assert held.keys() == {"ec2:StopInstances", "ec2:TerminateInstances"}
    for _, conditions in held.values():
        assert conditions == {
            "StringEquals": {"aws:ResourceTag/countersign:stack": "InSubnets"},
            "Null": {"aws:ResourceTag/countersign:approval": "false"},
        }


def test_the_launch_role_elsewhere_reaches_the_regions_of_its_target_alone(in_workloads):
    launched = [
        right.resource.split(":")
        for right in in_workloads.rights_of("LaunchRole")
        if right.action == "ec2:RunInstances"
    ]
    assert {arn[3] for arn in launched} == {"eu-west-1", "eu-north-1"}
    assert {arn[4] for arn in launched} == {WORKLOADS, "", "*"}
    subnets = {arn[5] for arn in launched if arn[5].startswith("subnet/")}
    assert subnets == {"subnet/*", f"subnet/{WORKLOADS_SUBNET}"}


def test_a_runbook_runs_in_the_account_of_its_role(in_workloads, in_subnets):
    passed = {one.resource for one in in_workloads.rights() if one.action == "iam:PassRole"}
    assert passed == {f"arn:aws:iam::{WORKLOADS}:role/Restart"}
    assert not [one for one in in_subnets.rights() if "role/Restart" in one.resource]


def test_images_of_a_target_reach_the_catalogue_by_its_name(in_subnets):
    function = in_subnets.one("AWS::Lambda::Function", "Catalogue/Function")
    images = json.loads(function.properties["Environment"]["Variables"]["IMAGES"])
    own = [{"name": "Ours", "image_id": "ami-0123456789abcdef0"}]
    assert images == {"": [], "workloads-eu-west-1": own, "workloads-eu-north-1": own}


def test_a_role_that_would_have_too_long_a_name_is_refused_with_what_to_shorten():
    page = page_with(stack="S" * 40, targets={"t" * 20: AWAY})
    with pytest.raises(BadPage, match="choose a shorter name"):
        target_role_name(page, "t" * 20, "launch")
    assert len(home_role_name(page, "launch") or "") <= 64


def test_an_environment_that_lambda_would_refuse_is_refused_before_the_deploy():
    check_environment("chat", {"TARGETS": "x" * 3500})
    with pytest.raises(BadPage, match="too long for chat"):
        check_environment("chat", {"TARGETS": "x" * 3500, "OTHER": "y" * 100})


IMAGES = [
    {"name": f"Image {number}", "description": "x" * 200, "image_id": "ami-01234567"}
    for number in range(8)
]
"""As many as a page may have; together with others, too many."""


def several(count, **fixed):
    """A page with so many targets of its own account, each of which fixes this."""
    targets = {f"target-{number}": {"fixed": fixed} for number in range(count)}
    return page_with(stack="Long", targets=targets)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (several(10, tags={"Team": "x" * 250}), "together the targets are longer than 3000"),
        (several(10, tags={"Team": "x" * 180}), "too long for chat"),
        (
            page_with(targets={"own": {"images": IMAGES[:6]}}, images=IMAGES),
            "together the images are longer than 3000",
        ),
    ],
    ids=["targets", "the whole environment", "images"],
)
def test_a_page_that_fits_into_no_environment_is_refused_as_its_stack_is_built(page, said):
    packages = Packages(target=unmade_target(), agents=b"{}")
    with pytest.raises(BadPage, match=said):
        Countersign(App(context=context_without_zips()), page=page, agents={}, packages=packages)


@pytest.mark.parametrize(
    ("target", "said"), [("", "Say which target"), ("default", "no target in another account")]
)
def test_a_target_s_stack_is_for_a_named_target_of_another_account(tmp_path, target, said):
    (tmp_path / "countersign.yaml").write_text(
        json.dumps(page_with(targets={"default": {}}).model_dump(exclude_unset=True))
    )
    with pytest.raises(BadPage, match=said):
        target_app.build(App(context={"home": str(tmp_path), "target": target}))


@pytest.mark.parametrize("said", ["workloads", "workloads-eu-north-1"])
def test_a_target_s_stack_is_found_by_the_name_that_people_are_told(tmp_path, said):
    regions = {"eu-west-1": {}, "eu-north-1": {}}
    page = page_with(targets={"default": {}, "workloads": {**AWAY, "regions": regions}})
    (tmp_path / "countersign.yaml").write_text(json.dumps(page.model_dump(exclude_unset=True)))
    stack = target_app.build(App(context={"home": str(tmp_path), "target": said}))
    assert stack.stack_name == target_stack_name(page, "workloads")


def test_a_length_counts_what_aws_fills_in_later():
    assert deployed_length("a${Token[AWS.AccountId.4]}b") == 14
    assert deployed_length("${Token[TOKEN.123]}") == 110
