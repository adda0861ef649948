"""What the Internet may reach, however a rule is written; and who counts against the quota."""

import pytest

from functions.preflight.facts import Found
from functions.preflight.network import Network
from functions.preflight.quota import is_standard, vcpus_in_use
from functions.shared.readings import Readings


class AnswersAsPrepared:
    """EC2 with one VPC, its subnet, and groups of given rules."""

    def __init__(self, *rules):
        self.rules = rules

    def can_paginate(self, _):
        return False

    def describe_vpcs(self, **_):
        return {"Vpcs": [{"VpcId": "vpc-1"}]}

    def describe_subnets(self, **_):
        return {"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1"}]}

    def describe_security_groups(self, **_):
        here = {"GroupId": "sg-1", "GroupName": "default", "VpcId": "vpc-1"}
        elsewhere = {**here, "VpcId": "vpc-2", "IpPermissions": [open_to("0.0.0.0/0")]}
        return {"SecurityGroups": [elsewhere, {**here, "IpPermissions": list(self.rules)}]}


def open_to(*cidrs, protocol="tcp", ports=(22, 22)):
    return {
        "IpProtocol": protocol,
        "IpRanges": [{"CidrIp": one} for one in cidrs if ":" not in one],
        "Ipv6Ranges": [{"CidrIpv6": one} for one in cidrs if ":" in one],
        **({"FromPort": ports[0], "ToPort": ports[1]} if ports else {}),
    }


def openness(*rules):
    found = Found()
    with Readings({"ec2": AnswersAsPrepared(*rules)}) as readings:
        network = Network(readings, region="us-east-1", subnet_id="", group_ids=[], is_public=None)
        assert network.check(found) is False
    [fact] = [fact for fact in found.facts if fact.key == "open_to_world"]
    return fact.value, fact.level


@pytest.mark.parametrize(
    "cidr", ["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "64.0.0.0/7", "2000::/3", "::/1"]
)
def test_a_group_open_to_the_world_is_a_warning_however_it_is_written(cidr):
    assert openness(open_to("10.0.0.0/8", cidr)) == ("tcp 22", "warning")


@pytest.mark.parametrize("cidr", ["10.0.0.0/8", "203.0.113.7/32", "2001:db8::/32", "nonsense"])
def test_a_group_open_to_a_few_is_none(cidr):
    assert openness(open_to(cidr)) == ("no", "plain")


def test_every_open_port_is_named_until_there_are_too_many():
    rules = [
        open_to("0.0.0.0/0", ports=(8000, 8100)),
        open_to("::/0", protocol="-1", ports=None),
        open_to("0.0.0.0/0", protocol="icmp", ports=(-1, -1)),
        open_to("0.0.0.0/0", protocol="udp", ports=(53, 53)),
    ]
    assert openness(*rules)[0] == "everything, icmp, tcp 8000-8100, udp 53"
    many = [open_to("0.0.0.0/0", ports=(port, port)) for port in range(100, 110)]
    assert openness(*many)[0].endswith("tcp 105 and 4 more")


def test_a_rule_by_prefix_list_is_told_as_not_checked():
    rule = {**open_to(), "PrefixListIds": [{"PrefixListId": "pl-1"}]}
    found = Found()
    with Readings({"ec2": AnswersAsPrepared(rule)}) as readings:
        Network(readings, region="us-east-1", subnet_id="", group_ids=[], is_public=None).check(
            found
        )
    told = [fact.value for fact in found.facts if fact.key == "not_checked"]
    assert told == ["security groups: prefix lists in their rules are not followed"]


def test_only_the_groups_of_the_chosen_network_count():
    assert openness() == ("no", "plain")


@pytest.mark.parametrize("name", ["t2.micro", "m7g.large", "i7ie.large", "im4gn.large", "is4gen.x"])
def test_standard_types_share_one_quota(name):
    assert is_standard(name)


@pytest.mark.parametrize("name", ["g5.xlarge", "inf2.xlarge", "trn1.2xlarge", "dl1.24xlarge",
                                  "hpc7a.12xlarge", "mac2.metal", "p5.48xlarge", "x2gd.large"])  # fmt: skip
def test_other_types_have_quotas_of_their_own(name):
    assert not is_standard(name)


def test_spot_instances_and_other_families_do_not_count():
    cpu = {"CpuOptions": {"CoreCount": 2, "ThreadsPerCore": 2}}
    instances = [
        {"InstanceType": "t3.xlarge", **cpu},
        {"InstanceType": "t3.xlarge", "InstanceLifecycle": "spot", **cpu},
        {"InstanceType": "g5.xlarge", **cpu},
    ]
    assert vcpus_in_use({"Reservations": [{"Instances": instances}]}) == 4
    assert vcpus_in_use({"Reservations": [{"Instances": [{"InstanceType": "t3.nano"}]}]}) is None
