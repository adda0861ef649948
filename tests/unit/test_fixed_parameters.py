"""What the operator fixed: chosen per call, shown to people, bound by the digest, hidden from the model."""

import pytest

from functions.shared import run_instances
from functions.shared.fixed_parameters import (
    awaits_disks,
    chosen,
    disks_of,
    facts,
    hidden,
    kept,
    network_of,
)
from functions.shared.run_instances import BadArguments
from tests.support.fake_model import INSTANCE

SUBNETS = [f"subnet-{number:017x}" for number in range(3)]
GROUPS = ["sg-0123456789abcdef0", "sg-0123456789abcdef1"]
PROFILE = "arn:aws:iam::123456789012:instance-profile/Web"
DISK = {"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True}}
INTERFACE = {
    "DeviceIndex": 0,
    "DeleteOnTermination": True,
    "AssociatePublicIpAddress": False,
    "SubnetId": SUBNETS[0],
    "Groups": GROUPS,
}
IMAGE = {
    "RootDeviceName": "/dev/xvda",
    "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {}}],
}
EVERYTHING = {
    "NetworkInterfaces": [INTERFACE],
    "IamInstanceProfile": {"Arn": PROFILE},
    "BlockDeviceMappings": [DISK],
    "Tags": {"CostCenter": "4711", "Team": "a"},
}
TOKEN, TAGS = "t" * 64, {"countersign:call": "1", "countersign:approval": "2"}


def fixed(call_id="call_1", approval_id="a" * 26, **page):
    return chosen(page, approval_id=approval_id, call_id=call_id)


def planned(**fixed):
    return run_instances.planned(INSTANCE, fixed)


def sent(**fixed):
    return run_instances.request(planned(**fixed), client_token=TOKEN, tags=TAGS)


def test_nothing_fixed_is_the_plain_call():
    assert fixed() == {}
    assert "NetworkInterfaces" not in sent()


def test_subnet_and_groups_stand_beside_the_call_without_a_word_about_addresses():
    assert fixed(SubnetIds=SUBNETS[:1], SecurityGroupIds=GROUPS) == {
        "SubnetId": SUBNETS[0],
        "SecurityGroupIds": GROUPS,
    }


@pytest.mark.parametrize("is_public", [True, False])
def test_a_public_address_is_asked_for_in_an_interface_that_ends_with_its_instance(is_public):
    named = {"SubnetIds": SUBNETS[:1], "SecurityGroupIds": GROUPS, "PublicAddress": is_public}
    assert fixed(**named) == {
        "NetworkInterfaces": [{**INTERFACE, "AssociatePublicIpAddress": is_public}]
    }
    request = sent(**fixed(**named))
    assert not {"SubnetId", "SecurityGroupIds"} & set(request)
    assert network_of(request) == (SUBNETS[0], GROUPS, is_public)


def test_of_several_subnets_a_call_gets_the_same_one_always_and_others_get_others():
    calls = [(f"{number:026d}", call) for number in range(20) for call in ("call_1", "call_2")]
    one, again = (
        [fixed(call, approval, SubnetIds=SUBNETS)["SubnetId"] for approval, call in calls]
        for _ in range(2)
    )
    assert one == again
    assert set(one) == set(SUBNETS)
    assert any(first != second for first, second in zip(one[::2], one[1::2], strict=True))


def test_profile_tags_and_encryption_are_asked_for_by_ec2_s_names():
    page = {"InstanceProfile": PROFILE, "Encrypted": True, "Tags": {"Team": "a"}}
    assert fixed(**page) == {
        "IamInstanceProfile": {"Arn": PROFILE},
        "BlockDeviceMappings": [],
        "Tags": {"Team": "a"},
    }


def test_every_disk_of_an_image_is_encrypted_and_its_other_slots_are_left_alone():
    mappings = [
        {"DeviceName": "/dev/sda1", "Ebs": {"Encrypted": False, "VolumeSize": 8}},
        {"DeviceName": "/dev/sdb", "Ebs": {"SnapshotId": "snap-1"}},
        {"DeviceName": "/dev/sdc", "VirtualName": "ephemeral0"},
    ]
    image = {"RootDeviceName": "/dev/sda1", "BlockDeviceMappings": mappings}
    names = ("/dev/sda1", "/dev/sdb")
    assert disks_of(image) == [{"DeviceName": n, "Ebs": {"Encrypted": True}} for n in names]


@pytest.mark.parametrize(
    "image",
    [
        {},
        {"RootDeviceName": "/dev/sda1"},
        {"RootDeviceName": "/dev/sda1", "BlockDeviceMappings": []},
        {
            "RootDeviceName": "/dev/sda1",
            "BlockDeviceMappings": [{"DeviceName": "/dev/sdb", "Ebs": {}}],
        },
        {"RootDeviceName": "/dev/sda1", "BlockDeviceMappings": [{"DeviceName": "/dev/sda1"}]},
    ],
    ids=["nothing", "no disks told", "no disks", "another disk", "in the instance"],
)
def test_an_image_whose_root_is_no_such_disk_has_none_to_encrypt(image):
    assert disks_of(image) == []


def test_a_draft_awaits_its_disks_and_is_never_sent():
    draft = planned(BlockDeviceMappings=[])
    assert draft["BlockDeviceMappings"] == []
    assert awaits_disks(draft)
    assert not awaits_disks(planned())
    with pytest.raises(BadArguments, match="disks"):
        run_instances.request(draft, client_token=TOKEN, tags=TAGS)
    assert sent(BlockDeviceMappings=disks_of(IMAGE))["BlockDeviceMappings"] == [DISK]


def test_what_is_planned_once_is_planned_so_again():
    whole = planned(**EVERYTHING)
    assert run_instances.planned(INSTANCE, whole) == whole
    assert kept(whole) == EVERYTHING


def test_the_operator_s_tags_come_after_ours_on_instance_and_volume():
    request = sent(**EVERYTHING)
    assert "Tags" not in request
    for one in request["TagSpecifications"]:
        assert [tag["Key"] for tag in one["Tags"]] == [*sorted(TAGS), "CostCenter", "Team"]
    assert [one["ResourceType"] for one in request["TagSpecifications"]] == ["instance", "volume"]


def test_a_tag_of_ours_stands_once_and_as_we_set_it():
    request = run_instances.request(
        planned(Tags={"Team": "theirs"}), client_token=TOKEN, tags={**TAGS, "Team": "ours"}
    )
    for one in request["TagSpecifications"]:
        assert [tag["Value"] for tag in one["Tags"] if tag["Key"] == "Team"] == ["ours"]


@pytest.mark.parametrize(
    "change",
    [
        {"Tags": {"countersign:approval": "x"}},
        {"Tags": {"Countersign:Call": "x"}},
        {"Tags": {"aws:x": "x"}},
        {"Tags": {"a": "x\u200b"}},
        {"Tags": {"": "x"}},
        {"Tags": {"a": 1}},
        {"Tags": {str(number): "x" for number in range(31)}},
        {"IamInstanceProfile": {"Name": "admin"}},
        {"IamInstanceProfile": {"Arn": "arn:aws:iam::123456789012:role/admin"}},
        {"IamInstanceProfile": {"Arn": PROFILE, "Name": "admin"}},
        {"NetworkInterfaces": [{**INTERFACE, "NetworkInterfaceId": "eni-1"}]},
        {"NetworkInterfaces": [{**INTERFACE, "DeleteOnTermination": False}]},
        {"NetworkInterfaces": [{**INTERFACE, "DeviceIndex": 1}]},
        {"NetworkInterfaces": [INTERFACE, INTERFACE]},
        {"NetworkInterfaces": [{**INTERFACE, "SubnetId": ""}]},
        {"NetworkInterfaces": [{**INTERFACE, "AssociatePublicIpAddress": "no"}]},
        {"SubnetId": SUBNETS[0]},
        {"SecurityGroupIds": GROUPS},
        {"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": False}}]},
        {"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {}}]},
        {"BlockDeviceMappings": [{**DISK, "VirtualName": "ephemeral0"}]},
        {"BlockDeviceMappings": [{"DeviceName": "/dev/x\n", "Ebs": {"Encrypted": True}}]},
        {
            "BlockDeviceMappings": [
                {"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "KmsKeyId": "k"}}
            ]
        },
    ],
    ids=str,
)
def test_a_fixed_part_with_anything_else_in_it_is_neither_planned_nor_sent(change):
    with pytest.raises(BadArguments):
        planned(**{**EVERYTHING, **change})
    whole = {**planned(**EVERYTHING), **change}
    with pytest.raises(BadArguments):
        run_instances.request(whole, client_token=TOKEN, tags=TAGS)


def test_each_fixed_thing_is_a_row_of_its_own_set_by_the_operator():
    rows = facts(planned(**EVERYTHING))
    assert {row["source"] for row in rows} == {"operator"}
    assert [(row["label"], row["value"]) for row in rows] == [
        ("Subnet", SUBNETS[0]),
        ("Security groups", ", ".join(GROUPS)),
        ("Public address", "no"),
        ("Instance profile", PROFILE),
        ("Encrypted disks", "/dev/xvda"),
        ("Tag", "CostCenter = 4711"),
        ("Tag", "Team = a"),
    ]


def test_the_plain_call_has_no_such_row():
    assert facts(planned()) == []


def test_a_sentence_for_the_model_names_nothing_that_is_fixed():
    said = (
        f"AWS said: {SUBNETS[0]}, {GROUPS[1]}, Value ({PROFILE}), profile 'Web', the tag policy forbids the value "
        "'4711' for the key \"CostCenter\" of Web servers."
    )
    told = hidden(said, planned(**EVERYTHING))
    for known in (SUBNETS[0], GROUPS[1], PROFILE, "'Web'", "4711", "CostCenter"):
        assert known not in told
    assert told.endswith("of Web servers.")
    assert hidden(said, planned()) == said
