"""What preflight asks, and the emulator answers as AWS does, or refuses at once."""

import time

import pytest
from botocore.exceptions import ClientError

from local.emulator.ec2.describing import DEMO_IMAGE_MADE
from local.emulator.ec2.launching import DEMO_IMAGE

pytestmark = pytest.mark.emulator


def code_of(call) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response["Error"]["Code"]


def test_the_demos_image_tells_its_age_owner_and_disk(emulator):
    [image] = emulator.client("ec2").describe_images(ImageIds=[DEMO_IMAGE])["Images"]
    assert image["CreationDate"] == DEMO_IMAGE_MADE
    assert image["ImageOwnerAlias"] == "amazon"
    assert image["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == 8


def test_an_image_that_does_not_exist_cannot_be_described(emulator):
    ec2 = emulator.client("ec2")
    unknown = "ami-0badbadbadbadbad0"
    assert code_of(lambda: ec2.describe_images(ImageIds=[unknown])) == "InvalidAMIID.NotFound"
    both = [DEMO_IMAGE, unknown]
    assert code_of(lambda: ec2.describe_images(ImageIds=both)) == "InvalidAMIID.NotFound"
    assert len(ec2.describe_images()["Images"]) > 1


@pytest.mark.parametrize(("kind", "offered"), [("t3.micro", 1), ("t9.enormous", 0)])
def test_a_type_that_aws_knows_is_offered_in_the_region(emulator, kind, offered):
    only = [{"Name": "instance-type", "Values": [kind]}]
    told = emulator.client("ec2").describe_instance_type_offerings(Filters=only)
    expected = {"InstanceType": kind, "LocationType": "region", "Location": "us-east-1"}
    assert told["InstanceTypeOfferings"] == [expected] * offered


def test_offerings_are_told_to_who_may_hear_them(emulator):
    nobody = emulator.as_user("ec2", {"Action": "ec2:DescribeTags", "Resource": "*"})
    assert code_of(nobody.describe_instance_type_offerings) == "UnauthorizedOperation"
    somebody = emulator.as_user(
        "ec2", {"Action": "ec2:DescribeInstanceTypeOfferings", "Resource": "*"}
    )
    assert somebody.describe_instance_type_offerings()["InstanceTypeOfferings"]


@pytest.mark.parametrize(
    ("service", "operation", "asked"),
    [
        ("pricing", "get_products", {"ServiceCode": "AmazonEC2"}),
        (
            "service-quotas",
            "get_service_quota",
            {"ServiceCode": "ec2", "QuotaCode": "L-1216C47A"},
        ),
    ],
)
def test_services_that_the_emulator_lacks_say_so_at_once(emulator, service, operation, asked):
    client = emulator.one_try(service)
    started = time.monotonic()
    with pytest.raises(ClientError):
        getattr(client, operation)(**asked)
    assert time.monotonic() - started < 2
