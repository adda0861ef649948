"""What one session of a launch role may do: exactly the planned call, and never a policy that AWS would not take."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.launch_instance.session_policy import MOST_CHARACTERS, session_policy
from functions.shared import run_instances
from functions.shared.fixed_parameters import chosen
from functions.shared.targets import Target

APPROVAL = "a" * 26
ROLE = "arn:aws:iam::210987654321:role/Web"
THERE = Target(name="workloads", account="210987654321", region="ap-southeast-4", passed_role=ROLE)
EC2 = "arn:aws:ec2:ap-southeast-4:210987654321"
ANYONE = "arn:aws:ec2:ap-southeast-4:*"
ARGUMENTS = {"image_id": "ami-0123456789abcdef0", "instance_type": "t3.micro", "key_name": "kondo"}


def launch(fixed=None, **arguments):
    asked = {**ARGUMENTS, **arguments}
    named = chosen(fixed or {}, approval_id=APPROVAL, call_id="call_1")
    return {
        "operation": "run_instances",
        "arguments": asked,
        "parameters": run_instances.planned(asked, named),
    }


def statements(call, target=THERE):
    policy = session_policy(target, APPROVAL, call)
    assert len(policy) <= MOST_CHARACTERS
    return json.loads(policy)["Statement"]


def allowed(call, action):
    """The resources of an action, with the condition under which."""
    found = {}
    for one in statements(call):
        assert one["Effect"] == "Allow"
        actions = [one["Action"]] if isinstance(one["Action"], str) else one["Action"]
        resources = [one["Resource"]] if isinstance(one["Resource"], str) else one["Resource"]
        if action in actions:
            found |= dict.fromkeys(resources, one.get("Condition"))
    return found


def test_a_launch_may_start_this_type_from_this_image_with_this_key_for_this_approval():
    only = {
        "StringEquals": {
            "ec2:InstanceType": "t3.micro",
            "aws:RequestTag/countersign:approval": APPROVAL,
        }
    }
    assert allowed(launch(), "ec2:RunInstances") == {
        f"{EC2}:instance/*": only,
        "arn:aws:ec2:ap-southeast-4::image/ami-0123456789abcdef0": None,
        f"{EC2}:key-pair/kondo": None,
        f"{EC2}:network-interface/*": None,
        f"{EC2}:volume/*": None,
        f"{ANYONE}:subnet/*": None,
        f"{ANYONE}:security-group/*": None,
    }
    assert allowed(launch(), "iam:PassRole") == {}
    assert allowed(launch(), "ec2:TerminateInstances") == {}


@pytest.mark.parametrize("is_public", [None, True, False])
def test_what_the_operator_fixed_is_all_that_a_launch_may_use(is_public):
    fixed = {
        "SubnetIds": ["subnet-0123456789abcdef0"],
        "SecurityGroupIds": ["sg-0123456789abcdef0"],
        "InstanceProfile": "arn:aws:iam::210987654321:instance-profile/Web",
        **({} if is_public is None else {"PublicAddress": is_public}),
    }
    used = allowed(launch(fixed), "ec2:RunInstances")
    assert f"{ANYONE}:subnet/subnet-0123456789abcdef0" in used
    assert f"{ANYONE}:security-group/sg-0123456789abcdef0" in used
    assert not [one for one in used if one.endswith((":subnet/*", ":security-group/*"))]
    assert allowed(launch(fixed), "iam:PassRole") == {ROLE: None}


def test_the_keys_of_disks_are_used_through_ec2_of_the_region_alone():
    through_ec2 = {"StringEquals": {"kms:ViaService": "ec2.ap-southeast-4.amazonaws.com"}}
    assert allowed(launch({"Encrypted": True}), "kms:CreateGrant") == {"*": through_ec2}
    assert allowed(launch({"Encrypted": True}), "kms:ScheduleKeyDeletion") == {}


def test_tags_are_put_on_what_a_launch_creates_and_on_nothing_else():
    assert set(allowed(launch(), "ec2:CreateTags")) == {f"{EC2}:instance/*", f"{EC2}:volume/*"}


def test_only_a_launch_that_encrypts_disks_looks_at_images():
    encrypted = launch({"Encrypted": True})
    assert allowed(encrypted, "ec2:DescribeImages") == {"*": None}
    assert allowed(launch(), "ec2:DescribeImages") == {}


@pytest.mark.parametrize("name", ["k*", "k?", "k${aws:username}"])
def test_a_key_pair_s_name_is_no_pattern(name):
    [key] = [one for one in allowed(launch(key_name=name), "ec2:RunInstances") if "key-pair" in one]
    meant = key.rpartition("key-pair/")[2]
    assert "*" not in meant
    assert "$" not in meant
    assert len(meant) == len(name)


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("stop_instances", "ec2:StopInstances"),
        ("terminate_instances", "ec2:TerminateInstances"),
    ],
)
def test_an_end_is_of_the_one_instance(operation, action):
    call = {"operation": operation, "arguments": {"instance_id": "i-0123456789abcdef0"}}
    assert allowed(call, action) == {f"{EC2}:instance/i-0123456789abcdef0": None}
    assert allowed(call, "ec2:DescribeInstances") == {"*": None}
    assert len(statements(call)) == 2


def test_an_extension_only_looks():
    call = {"operation": "extend_lease", "arguments": {}}
    assert statements(call) == [
        {"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*"}
    ]


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("Company-Restart", "arn:aws:ssm:ap-southeast-4:*:document/Company-Restart"),
        (
            "arn:aws:ssm:ap-southeast-4:111122223333:document/Shared",
            "arn:aws:ssm:ap-southeast-4:111122223333:document/Shared",
        ),
    ],
)
def test_a_runbook_is_started_in_its_version_with_its_role(name, document):
    request = {
        "DocumentName": name,
        "DocumentVersion": "4",
        "Parameters": {"AutomationAssumeRole": [ROLE]},
    }
    call = {"operation": "document", "parameters": {"request": request}}
    definition = document.replace(":document/", ":automation-definition/")
    assert set(allowed(call, "ssm:StartAutomationExecution")) == {
        document,
        f"{definition}:4",
        "arn:aws:ssm:ap-southeast-4:210987654321:automation-execution/*",
    }
    assert allowed(call, "iam:PassRole") == {ROLE: None}
    assert allowed(call, "ec2:DescribeInstances") == {}


SUBNETS = st.lists(st.from_regex(r"\Asubnet-[0-9a-f]{17}\Z"), max_size=16)
GROUPS = st.lists(st.from_regex(r"\Asg-[0-9a-f]{17}\Z"), max_size=16)
KEYS = st.from_regex(r"\A[!-~][ -~]{0,253}[!-~]\Z")


@given(key=KEYS, subnets=SUBNETS, groups=GROUPS, encrypted=st.booleans())
def test_whatever_is_planned_fits_into_what_aws_takes(key, subnets, groups, encrypted):
    fixed = {"SubnetIds": subnets, "SecurityGroupIds": groups, "Encrypted": encrypted}
    used = allowed(launch(fixed, key_name=key), "ec2:RunInstances")
    assert f"{EC2}:instance/*" in used


def test_where_it_would_be_too_long_the_network_is_left_to_the_role():
    groups = [f"sg-{number:017x}" for number in range(16)]
    used = allowed(launch({"SecurityGroupIds": groups}, key_name="k" * 255), "ec2:RunInstances")
    assert f"{ANYONE}:security-group/*" in used
    assert used[f"{EC2}:instance/*"]["StringEquals"]["ec2:InstanceType"] == "t3.micro"


@pytest.mark.parametrize("character", ['"', "\\", "k", "*"])
def test_the_longest_names_that_aws_knows_leave_the_key_pair_to_the_role_too(character):
    role = f"arn:aws-us-gov:iam::210987654321:role/{'p' * 510}/{'R' * 64}"
    there = replace(THERE, region="us-gov-east-1", passed_role=role)
    profile = f"arn:aws-us-gov:iam::210987654321:instance-profile/{'p' * 510}/{'P' * 128}"
    fixed = {"InstanceProfile": profile, "Encrypted": True}
    call = launch(fixed, key_name=character * 255)
    [start, others] = [
        one for one in statements(call, there) if one["Action"] == "ec2:RunInstances"
    ]
    assert start["Condition"]["StringEquals"]["ec2:InstanceType"] == "t3.micro"
    assert "arn:aws-us-gov:ec2:us-gov-east-1:210987654321:key-pair/*" in others["Resource"]


def test_a_key_pair_s_name_of_quotes_is_kept_as_long_as_it_is():
    used = allowed(launch(key_name='"' * 255), "ec2:RunInstances")
    assert f"{EC2}:key-pair/{'?' * 255}" in used
