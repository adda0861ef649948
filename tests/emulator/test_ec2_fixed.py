"""What an operator fixes for every launch, as the emulator's EC2 takes it and IAM judges it."""

import json
import uuid

import pytest
from botocore.exceptions import ClientError

from local.emulator.ec2.launching import DEMO_IMAGE

pytestmark = pytest.mark.emulator

HERE = "arn:aws:ec2:us-east-1:000000000000"
TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "ec2.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
ENCRYPTED = [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True}}]


@pytest.fixture(scope="module")
def network(emulator):
    """A subnet, and two groups beside each other."""
    ec2 = emulator.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    groups = [
        ec2.create_security_group(GroupName=name, Description="x", VpcId=vpc)["GroupId"]
        for name in ("one", "two")
    ]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    return {"subnet": subnet, "groups": groups}


@pytest.fixture(scope="module")
def profile(emulator):
    """An instance profile with a role in it."""
    iam, name = emulator.client("iam"), f"web-{uuid.uuid4().hex[:8]}"
    trust = json.dumps({"Statement": [TRUST]})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    made = iam.create_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Arn"]
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role.rpartition("/")[2])
    return {"arn": made, "role": role}


def launch(client, **fixed):
    asked = {"ImageId": DEMO_IMAGE, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    return client.run_instances(**asked, **fixed)["Instances"][0]


def code_of(client, **fixed):
    with pytest.raises(ClientError) as refused:
        launch(client, **fixed)
    return refused.value.response["Error"]["Code"]


def interface(network, *, is_public):
    return [
        {
            "DeviceIndex": 0,
            "DeleteOnTermination": True,
            "AssociatePublicIpAddress": is_public,
            "SubnetId": network["subnet"],
            "Groups": network["groups"],
        }
    ]


@pytest.mark.parametrize("is_public", [True, False])
def test_an_instance_lies_where_its_interface_says(emulator, network, is_public):
    ec2 = emulator.client("ec2")
    started = launch(ec2, NetworkInterfaces=interface(network, is_public=is_public))["InstanceId"]
    told = ec2.describe_instances(InstanceIds=[started])["Reservations"][0]["Instances"][0]
    assert told["SubnetId"] == network["subnet"]
    assert [one["GroupId"] for one in told["SecurityGroups"]] == network["groups"]
    assert bool(told.get("PublicIpAddress")) is is_public


@pytest.mark.parametrize(
    ("fixed", "is_encrypted"), [({}, False), ({"BlockDeviceMappings": ENCRYPTED}, True)]
)
def test_a_disk_is_encrypted_where_the_launch_says_so(emulator, fixed, is_encrypted):
    ec2 = emulator.client("ec2")
    started = launch(ec2, **fixed)
    [disk] = started["BlockDeviceMappings"]
    [volume] = ec2.describe_volumes(VolumeIds=[disk["Ebs"]["VolumeId"]])["Volumes"]
    assert volume["Encrypted"] is is_encrypted


def test_an_instance_has_its_profile(emulator, profile):
    started = launch(emulator.client("ec2"), IamInstanceProfile={"Arn": profile["arn"]})
    assert started["IamInstanceProfile"]["Arn"] == profile["arn"]


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_profile_that_does_not_exist_is_refused(emulator, dry_run):
    nobody = {"Arn": "arn:aws:iam::000000000000:instance-profile/nobody"}
    refused = code_of(emulator.client("ec2"), IamInstanceProfile=nobody, DryRun=dry_run)
    assert refused == "InvalidParameterValue"


def test_a_subnet_or_group_in_an_interface_has_to_exist(emulator, network):
    ec2, [wrong] = emulator.client("ec2"), interface(network, is_public=False)
    nowhere = {**wrong, "SubnetId": "subnet-00000000000000000"}
    assert code_of(ec2, NetworkInterfaces=[nowhere]) == "InvalidSubnetID.NotFound"
    nobody = {**wrong, "Groups": ["sg-00000000000000000"]}
    assert code_of(ec2, NetworkInterfaces=[nobody]) == "InvalidGroup.NotFound"


def test_subnet_and_groups_stand_in_the_interface_or_beside_it_not_both(emulator, network):
    inside = interface(network, is_public=False)
    for beside in ({"SubnetId": network["subnet"]}, {"SecurityGroupIds": network["groups"]}):
        refused = code_of(emulator.client("ec2"), NetworkInterfaces=inside, **beside)
        assert refused == "InvalidParameterCombination"


def rights(*narrowed):
    """A launch role's rights, with some statements narrower than the rest."""
    kinds = {one["Resource"].rpartition(":")[2].partition("/")[0] for one in narrowed}
    every = ("instance", "volume", "network-interface", "subnet", "security-group", "key-pair")
    rest = [f"{HERE}:{kind}/*" for kind in every if kind not in kinds]
    images = "arn:aws:ec2:us-east-1::image/*"
    return [
        {"Action": "ec2:RunInstances", "Resource": [*rest, images]},
        *({"Action": "ec2:RunInstances", **one} for one in narrowed),
    ]


def test_only_encrypted_disks_start_where_the_role_says_so(emulator):
    only = {"Resource": f"{HERE}:volume/*", "Condition": {"Bool": {"ec2:Encrypted": "true"}}}
    client = emulator.as_user("ec2", *rights(only))
    assert launch(client, BlockDeviceMappings=ENCRYPTED)["InstanceId"]
    assert code_of(client) == "UnauthorizedOperation"


def test_only_addresses_of_the_named_kind_start_where_the_role_says_so(emulator, network):
    private = {"Bool": {"ec2:AssociatePublicIpAddress": "false"}}
    only = {"Resource": f"{HERE}:network-interface/*", "Condition": private}
    client = emulator.as_user("ec2", *rights(only))
    assert launch(client, NetworkInterfaces=interface(network, is_public=False))["InstanceId"]
    public = interface(network, is_public=True)
    assert code_of(client, NetworkInterfaces=public) == "UnauthorizedOperation"
    assert code_of(client) == "UnauthorizedOperation"


def test_only_the_named_subnet_and_groups_start_where_the_role_says_so(emulator, network):
    first, second = network["groups"]
    anyone = "arn:aws:ec2:us-east-1:*"
    subnet = {"Resource": f"{anyone}:subnet/{network['subnet']}"}
    client = emulator.as_user(
        "ec2", *rights(subnet, {"Resource": f"{anyone}:security-group/{first}"})
    )
    assert launch(client, SubnetId=network["subnet"], SecurityGroupIds=[first])["InstanceId"]
    assert code_of(client, SecurityGroupIds=[first]) == "UnauthorizedOperation"
    both = {"SubnetId": network["subnet"], "SecurityGroupIds": [first, second]}
    assert code_of(client, **both) == "UnauthorizedOperation"


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_profile_needs_the_right_to_pass_the_role_in_it_to_ec2(emulator, profile, dry_run):
    fixed = {"IamInstanceProfile": {"Arn": profile["arn"]}, "DryRun": dry_run}
    denied = emulator.as_user("ec2", *rights())
    assert code_of(denied, **fixed) == "UnauthorizedOperation"
    to_ec2 = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    passing = {"Action": "iam:PassRole", "Resource": profile["role"], "Condition": to_ec2}
    allowed = emulator.as_user("ec2", *rights(), passing)
    if dry_run:
        assert code_of(allowed, **fixed) == "DryRunOperation"
    else:
        assert launch(allowed, **fixed)["InstanceId"]
