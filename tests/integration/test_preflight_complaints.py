"""Complaints of the state Preflight: why a call would fail, and what would be right."""

import pytest

from functions.shared.aws import client
from tests.support.fake_model import INSTANCE
from tests.support.preflight_desk import DENIALS, answering, failing


def test_an_unknown_image_is_a_complaint_that_names_it(desk):
    code, text = desk.complaint({"ImageId": "ami-0badbadbadbadbad0"})
    assert code == "InvalidAMIID.NotFound"
    assert "ami-0badbadbadbadbad0 does not exist in us-east-1" in text
    assert "name an AMI id" in text


def test_an_image_that_aws_answers_with_nothing_is_unknown_too(desk):
    desk.change(describe_images=answering(Images=[]))
    assert desk.complaint()[0] == "InvalidAMIID.NotFound"


def test_an_unknown_key_pair_is_a_complaint_that_quotes_it(desk):
    code, text = desk.complaint({"KeyName": "nobody's <b>key"})
    assert code == "InvalidKeyPair.NotFound"
    assert text.startswith('The key pair "nobody\'s <b>key" does not exist in us-east-1')


def test_without_a_default_vpc_the_setting_to_change_is_named(desk):
    desk.change(describe_vpcs=answering(Vpcs=[]), describe_subnets=answering(Subnets=[]))
    code, text = desk.complaint()
    assert code == "VPCIdNotSpecified"
    assert "subnet_ids under targets in countersign.yaml" in text


def test_a_default_vpc_without_subnets_names_the_setting_too(desk):
    desk.change(describe_subnets=answering(Subnets=[]))
    code, text = desk.complaint()
    assert code == "MissingInput"
    assert "subnet_ids under targets in countersign.yaml" in text


def test_a_configured_subnet_that_is_missing_names_the_setting(desk):
    code, text = desk.complaint({"SubnetId": "subnet-0123456789abcdef0"})
    assert code == "InvalidSubnetID.NotFound"
    assert text.startswith("The subnet that your operator set does not exist in")
    assert "subnet_ids under targets in countersign.yaml" in text


def test_a_configured_security_group_that_is_missing_names_the_setting(desk):
    code, text = desk.complaint({"SecurityGroupIds": ["sg-0123456789abcdef0"]})
    assert code == "InvalidGroup.NotFound"
    assert "Not every security group that your operator set exists" in text
    assert "security_group_ids under targets in countersign.yaml" in text


@pytest.fixture
def private(desk):
    """A network of the operator's without public addresses, and a group open to the world."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="web", Description="x", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
    )
    yield {"VpcId": vpc, "SubnetId": subnet, "SecurityGroupIds": [group]}
    ec2.delete_security_group(GroupId=group)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)


def test_what_the_operator_fixed_is_looked_at_instead_of_the_default(desk, private):
    vpc, group = private.pop("VpcId"), private["SecurityGroupIds"][0]
    facts = desk.facts(private)
    assert facts["network"] == vpc
    assert facts["public_address"] == "no"
    assert facts["security_group_names"] == f'{group} "web"'
    assert facts["open_to_world"] == "tcp 22"


def interface(private, is_public):
    return {
        "DeviceIndex": 0,
        "DeleteOnTermination": True,
        "AssociatePublicIpAddress": is_public,
        "SubnetId": private["SubnetId"],
        "Groups": private["SecurityGroupIds"],
    }


@pytest.mark.parametrize(("is_public", "hourly"), [(True, "0.0175"), (False, "0.0125")])
def test_a_fixed_public_address_is_paid_for_whatever_the_subnet_would_do(
    desk, private, is_public, hourly
):
    found = desk.run({"NetworkInterfaces": [interface(private, is_public)]})
    facts = {fact["key"]: fact["value"] for fact in found["facts"]}
    assert facts["network"] == private["VpcId"]
    assert facts["open_to_world"] == "tcp 22"
    assert "public_address" not in facts
    assert found["price"]["hourly"] == hourly


def test_the_disks_that_are_to_be_encrypted_are_told_as_the_image_has_them(desk):
    found = desk.run({"BlockDeviceMappings": []})
    assert found["disks"] == [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True}}]
    assert found["complaints"] == []


def test_disks_that_the_operator_leaves_alone_are_not_told(desk):
    assert "disks" not in desk.run()


def test_an_image_without_a_disk_to_encrypt_is_a_complaint_where_the_operator_wants_it(desk):
    image = {"ImageId": INSTANCE["image_id"], "State": "available", "RootDeviceName": "/dev/sda1"}
    desk.change(describe_images=answering(Images=[image]))
    code, text = desk.complaint({"BlockDeviceMappings": []})
    assert code == "UnsupportedOperation"
    assert "has no root volume that could be encrypted, as your operator wants it" in text


def test_a_fixed_subnet_without_fixed_groups_has_its_own_network_s_default_group(desk, private):
    facts = desk.facts({"SubnetId": private["SubnetId"]})
    assert facts["security_groups"].endswith('"default"')
    assert facts["open_to_world"] == "no"


def test_a_group_of_another_network_than_the_subnet_s_names_both_settings(desk, private):
    code, text = desk.complaint({"SecurityGroupIds": private["SecurityGroupIds"]})
    assert code == "InvalidParameter"
    assert "correct security_group_ids under targets in countersign.yaml or subnet_ids" in text


def test_fixed_groups_are_looked_at_although_the_subnet_cannot_be_read(desk, private):
    desk.change(describe_subnets=failing(DENIALS[0]))
    assert desk.facts(private)["open_to_world"] == "tcp 22"


@pytest.mark.parametrize("instance_type", ["t9.enormous", "t3.gigantic"])
def test_a_type_that_the_region_does_not_offer_is_a_complaint(desk, instance_type):
    code, text = desk.complaint({"InstanceType": instance_type})
    assert code == "Unsupported"
    assert text.startswith(f"The instance type {instance_type} is not offered in us-east-1")


def test_an_image_for_another_architecture_is_a_complaint(desk):
    code, text = desk.complaint({"InstanceType": "t4g.micro"})
    assert code == "InvalidParameterValue"
    assert "is made for x86_64, and t4g.micro runs arm64" in text


def test_more_vcpus_than_the_quota_are_a_complaint(desk):
    desk.quotas.value = 0.0
    code, text = desk.complaint()
    assert code == "VcpuLimitExceeded"
    assert "may run 0 vCPUs" in text
    assert "L-1216C47A" in text


def test_calls_of_one_request_share_the_quota(desk):
    desk.quotas.value = 3.0
    desk.run({"InstanceType": "t3.micro"}, {"InstanceType": "t3.micro"})
    codes = [[one["code"] for one in call["complaints"]] for call in desk.result["calls"].values()]
    assert codes == [[], ["VcpuLimitExceeded"]]


def test_running_instances_count_against_the_quota(desk):
    running = {"InstanceType": "m5.large", "CpuOptions": {"CoreCount": 1, "ThreadsPerCore": 2}}
    desk.change(describe_instances=answering(Reservations=[{"Instances": [running]}]))
    assert desk.facts()["vcpu_quota"] == "2 of 32 in use, this one needs 1"


def test_several_things_wrong_are_told_at_once(desk):
    found = desk.run({"ImageId": "ami-0badbadbadbadbad0", "KeyName": "nobody"})
    codes = {one["code"] for one in found["complaints"]}
    assert codes == {"InvalidAMIID.NotFound", "InvalidKeyPair.NotFound"}


def test_a_type_that_aws_does_not_know_is_a_complaint_although_offers_cannot_be_read(desk):
    desk.change(describe_instance_type_offerings=failing(DENIALS[0]))
    assert desk.complaint({"InstanceType": "t9.enormous"})[0] == "Unsupported"


def test_only_the_default_network_s_subnets_can_be_chosen(desk):
    subnets = client("ec2").describe_subnets()["Subnets"]
    elsewhere = {"SubnetId": "subnet-1", "VpcId": "vpc-1", "MapPublicIpOnLaunch": False}
    desk.change(describe_subnets=answering(Subnets=[elsewhere, *subnets]))
    assert desk.facts()["public_address"] == "yes"
