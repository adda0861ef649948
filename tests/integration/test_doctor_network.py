"""`countersign doctor` and where instances come to stand: a line for each target."""

import json

import pytest

from functions.shared.aws import client
from tests.support.account import ACCOUNT_ID


@pytest.fixture
def fixed(patient):
    """Set what the operator fixes for the one target."""

    def fix(**values):
        patient.page["targets"] = {"default": {"fixed": values}}

    return fix


@pytest.fixture
def ec2(patient):
    return client("ec2")


@pytest.fixture
def vpc(ec2):
    return ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]


@pytest.fixture
def subnet(ec2, vpc):
    return ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]


def drop_default_subnets(ec2):
    for one in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=one["SubnetId"])


def test_no_default_vpc_and_no_subnet(patient, ec2):
    drop_default_subnets(ec2)
    for one in ec2.describe_vpcs()["Vpcs"]:
        ec2.delete_vpc(VpcId=one["VpcId"])
    said = patient.finds("network default")
    assert said.says == "There is no default VPC in us-east-1, and no subnet is written."
    assert (said.state, "aws ec2 create-default-vpc --region us-east-1" in said.fix) == (
        "fail",
        True,
    )


def test_a_default_vpc_without_a_default_subnet(patient, ec2):
    drop_default_subnets(ec2)
    said = patient.finds("network default")
    assert (said.state, "aws ec2 create-default-subnet" in said.fix) == ("fail", True)


def test_a_subnet_that_is_not_there(patient, fixed):
    fixed(subnet_ids=["subnet-0123456789abcdef0"])
    said = patient.finds("network default")
    assert said.state == "fail"
    assert "subnet-0123456789abcdef0" in said.says
    assert "aws ec2 describe-subnets --region us-east-1" in said.fix


def test_a_subnet_without_a_free_address(patient, fixed, ec2, subnet, monkeypatch):
    full = [{"SubnetId": subnet, "AvailableIpAddressCount": 0, "VpcId": "vpc-1"}]
    monkeypatch.setattr(ec2, "describe_subnets", lambda **_: {"Subnets": full})
    patient.session.own["ec2"] = ec2
    fixed(subnet_ids=[subnet])
    said = patient.finds("network default")
    assert (said.state, said.says) == ("fail", f"No address is free in {subnet}.")
    assert "another subnet" in said.fix


def test_subnets_of_two_vpcs_cannot_share_security_groups(patient, fixed, ec2, vpc, subnet):
    other = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])
    group = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    subnets = [subnet, other["Subnets"][0]["SubnetId"]]
    fixed(subnet_ids=subnets)
    assert patient.finds("network default").state == "ok"
    fixed(subnet_ids=subnets, security_group_ids=[group["SecurityGroups"][0]["GroupId"]])
    said = patient.finds("network default")
    assert (said.state, "several VPCs" in said.says, "one VPC" in said.fix) == ("fail", True, True)


def test_a_security_group_that_is_not_there(patient, fixed, subnet):
    fixed(subnet_ids=[subnet], security_group_ids=["sg-0123456789abcdef0"])
    said = patient.finds("network default")
    assert (said.state, "sg-0123456789abcdef0" in said.says) == ("fail", True)
    assert "aws ec2 describe-security-groups" in said.fix


def test_a_security_group_of_another_vpc(patient, fixed, ec2, vpc):
    group = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    fixed(security_group_ids=[group["SecurityGroups"][0]["GroupId"]])
    said = patient.finds("network default")
    assert (said.state, "of another VPC" in said.says) == ("fail", True)
    assert "describe-security-groups" in said.fix


def profile_of(name, role):
    return {
        "arn": f"arn:aws:iam::{ACCOUNT_ID}:instance-profile/{name}",
        "role_arn": f"arn:aws:iam::{ACCOUNT_ID}:role/{role}",
    }


def test_an_instance_profile_that_is_not_there(patient, fixed):
    fixed(instance_profile=profile_of("Web", "Web"))
    said = patient.finds("network default")
    assert (said.state, said.says) == ("fail", "There is no instance profile Web.")
    assert "aws iam list-instance-profiles" in said.fix


def test_an_instance_profile_with_another_role(patient, fixed):
    iam = client("iam")
    iam.create_instance_profile(InstanceProfileName="Web")
    iam.create_role(
        RoleName="Admin", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17"})
    )
    iam.add_role_to_instance_profile(InstanceProfileName="Web", RoleName="Admin")
    fixed(instance_profile=profile_of("Web", "Web"))
    said = patient.finds("network default")
    assert (said.state, "role/Admin" in said.says) == ("fail", True)
    fixed(instance_profile=profile_of("Web", "Admin"))
    assert patient.finds("network default").state == "ok"


def test_each_region_has_a_line_of_its_own(patient):
    patient.page["targets"] = {"default": {"regions": ["us-east-1", "eu-west-1"]}}
    lines = patient.all()
    assert lines["network default-us-east-1"].says.startswith("us-east-1, vpc-")
    assert lines["network default-eu-west-1"].says.startswith("eu-west-1, vpc-")


@pytest.fixture
def elsewhere(patient):
    """A target in another account."""
    patient.page["targets"] = {
        "default": {},
        "workloads": {"account": "210987654321", "external_id": "a-long-word"},
    }


def test_another_account_is_looked_at_by_the_deployment_itself(patient, elsewhere):
    said = patient.finds("network workloads")
    assert (said.state, said.says) == (
        "ok",
        "210987654321, us-east-1: it lets this deployment in.",
    )
    [asked] = patient.model.asked
    assert asked["calls"][0]["arguments"] == {"target": "workloads"}


def test_an_account_that_does_not_let_the_deployment_in(patient, elsewhere):
    refusal = {"error": "The account 210987654321 of the target workloads does not admit it."}
    patient.model.catalogue = {"status": "failed", "text": json.dumps(refusal)}
    said = patient.finds("network workloads")
    assert (said.state, said.says) == ("fail", refusal["error"])
    command = f"make deploy-target HOME_DIRECTORY={patient.home} TARGET=workloads"
    assert said.fix == f"{command}, with credentials of 210987654321"
