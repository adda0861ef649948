import time
import uuid

import httpx
import pytest
from botocore.exceptions import ClientError

from local.emulator.ec2.launching import DEMO_IMAGE

pytestmark = pytest.mark.emulator


@pytest.fixture
def key_name(emulator):
    name = f"key-{uuid.uuid4().hex[:8]}"
    emulator.client("ec2").create_key_pair(KeyName=name)
    return name


@pytest.fixture
def launch(emulator, key_name):
    """RunInstances of one small instance, with changes."""

    def run(client=None, **changes):
        asked = {
            "ImageId": DEMO_IMAGE,
            "InstanceType": "t3.micro",
            "KeyName": key_name,
            "MinCount": 1,
            "MaxCount": 1,
        }
        return (client or emulator.client("ec2")).run_instances(**asked | changes)

    return run


@pytest.fixture
def instances(emulator, key_name):
    """The instances that were really launched with this test's key pair."""

    def launched() -> list[str]:
        return [
            instance["InstanceId"]
            for reservation in emulator.client("ec2").describe_instances()["Reservations"]
            for instance in reservation["Instances"]
            if instance["KeyName"] == key_name
        ]

    return launched


@pytest.fixture
def order(emulator):
    """Orders a fault; what has not happened at the end is forgotten."""
    address = f"{emulator.endpoint}/_countersign/ec2/faults"
    yield lambda **fault: httpx.post(address, json=fault).raise_for_status()
    httpx.delete(address).raise_for_status()


def code_of(call) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response["Error"]["Code"]


def test_the_demos_image_exists(emulator):
    found = emulator.client("ec2").describe_images(ImageIds=[DEMO_IMAGE])["Images"]
    assert [image["ImageId"] for image in found] == [DEMO_IMAGE]


def test_a_dry_run_launches_nothing(launch, instances):
    with pytest.raises(ClientError) as refused:
        launch(DryRun=True)
    assert refused.value.response["Error"]["Code"] == "DryRunOperation"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert instances() == []


def test_a_dry_run_of_any_action_does_nothing(emulator, key_name):
    ec2 = emulator.client("ec2")
    assert code_of(lambda: ec2.delete_key_pair(KeyName=key_name, DryRun=True)) == "DryRunOperation"
    assert ec2.describe_key_pairs(KeyNames=[key_name])["KeyPairs"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ImageId": "ami-00000000000000000"}, "InvalidAMIID.NotFound"),
        ({"ImageId": "not-an-image"}, "InvalidAMIID.Malformed"),
        ({"KeyName": "nobody's"}, "InvalidKeyPair.NotFound"),
        ({"InstanceType": "t9.enormous"}, "InvalidParameterValue"),
        ({"SecurityGroupIds": ["sg-00000000000000000"]}, "InvalidGroup.NotFound"),
        ({"SubnetId": "subnet-00000000000000000"}, "InvalidSubnetID.NotFound"),
    ],
)
@pytest.mark.parametrize("dry_run", [False, True])
def test_a_launch_of_what_does_not_exist_is_refused_as_aws_does(
    launch, instances, changes, code, dry_run
):
    assert code_of(lambda: launch(DryRun=dry_run, **changes)) == code
    assert instances() == []


def test_the_same_client_token_launches_once(launch, instances):
    token = uuid.uuid4().hex * 2
    first, second = (launch(ClientToken=token)["Instances"][0]["InstanceId"] for _ in range(2))
    assert first == second
    assert instances() == [first]


def test_the_same_client_token_with_other_parameters_is_refused(launch, instances):
    token = uuid.uuid4().hex
    launch(ClientToken=token)
    refused = code_of(lambda: launch(ClientToken=token, InstanceType="t3.small"))
    assert refused == "IdempotentParameterMismatch"
    assert len(instances()) == 1


def test_a_dry_run_does_not_use_its_client_token_up(launch, instances):
    token = uuid.uuid4().hex
    assert code_of(lambda: launch(ClientToken=token, DryRun=True)) == "DryRunOperation"
    launch(ClientToken=token)
    assert len(instances()) == 1


def test_every_call_is_recorded_as_it_was_on_the_wire(emulator, launch, key_name):
    launched = launch(
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}]
    )
    code_of(lambda: launch(DryRun=True))
    done, rehearsed = [
        line for line in emulator.recorded() if line["parameters"].get("KeyName") == key_name
    ][-2:]
    assert done["action"] == "RunInstances"
    assert done["parameters"]["MinCount"] == "1"
    assert done["parameters"]["TagSpecification.1.Tag.1.Key"] == "a"
    instance = launched["Instances"][0]["InstanceId"]
    assert done["answer"] == {"status": 200, "instance_ids": [instance]}
    assert rehearsed["parameters"]["DryRun"] == "true"
    assert rehearsed["answer"] == {"status": 412, "code": "DryRunOperation"}


def test_an_ordered_fault_happens_once_and_only_to_the_calls_it_names(
    emulator, order, launch, instances, key_name
):
    order(action="RunInstances", where={"KeyName": "another"}, code="InternalError")
    order(action="RunInstances", where={"KeyName": key_name}, code="InsufficientInstanceCapacity")
    assert code_of(lambda: launch(emulator.one_try("ec2"))) == "InsufficientInstanceCapacity"
    assert instances() == []
    launch()
    assert len(instances()) == 1


def test_a_fault_for_dry_runs_leaves_real_calls_alone(emulator, order, launch, key_name):
    order(action="RunInstances", about=key_name, code="VPCIdNotSpecified", dry_run=True)
    client = emulator.one_try("ec2")
    assert launch(client)["Instances"]
    assert code_of(lambda: launch(client, DryRun=True)) == "VPCIdNotSpecified"
    assert code_of(lambda: launch(client, DryRun=True)) == "DryRunOperation"


def test_a_fault_can_lose_the_answer_of_a_launch_that_happened(
    emulator, order, launch, instances, key_name
):
    order(action="RunInstances", where={"KeyName": key_name}, then="drop", effect=True)
    with pytest.raises(Exception, match=r"closed|broken|Incomplete|Read|parse|Unable"):
        launch(emulator.one_try("ec2"))
    assert len(instances()) == 1
    assert emulator.recorded()[-2]["answer"]["instance_ids"] == instances()


def test_a_fault_can_answer_an_error_although_the_launch_happened(
    emulator, order, launch, instances, key_name
):
    order(action="RunInstances", where={"KeyName": key_name}, code="InternalError", effect=True)
    assert code_of(lambda: launch(emulator.one_try("ec2"))) == "InternalError"
    assert len(instances()) == 1


def test_a_fault_can_let_a_call_hang(emulator, order, launch, key_name):
    order(action="RunInstances", where={"KeyName": key_name}, then="hang", seconds=1, effect=True)
    began = time.monotonic()
    launch(emulator.one_try("ec2"))
    assert time.monotonic() - began >= 1


RESOURCES = ("volume", "network-interface", "subnet", "security-group", "key-pair")


def launch_policy(*, create_tags: bool = True) -> list[dict]:
    """What a launch role may do: small instances, guarded metadata, one tag."""
    here = "arn:aws:ec2:us-east-1:000000000000"
    condition = {
        "StringEquals": {
            "ec2:InstanceType": ["t3.micro", "t3.small"],
            "ec2:MetadataHttpTokens": "required",
            "aws:RequestTag/approval": "one",
        },
        "ForAllValues:StringEquals": {"aws:TagKeys": ["approval"]},
    }
    statements = [
        {"Action": "ec2:RunInstances", "Resource": f"{here}:instance/*", "Condition": condition},
        {"Action": "ec2:RunInstances", "Resource": "arn:aws:ec2:us-east-1::image/*"},
        {
            "Action": "ec2:RunInstances",
            "Resource": [f"{here}:{resource}/*" for resource in RESOURCES],
        },
    ]
    if create_tags:
        creating = {"StringEquals": {"ec2:CreateAction": "RunInstances"}}
        statements.append(
            {"Action": "ec2:CreateTags", "Resource": f"{here}:*/*", "Condition": creating}
        )
    return statements


NOTHING = {"Action": "s3:ListAllMyBuckets", "Resource": "*"}
GUARDED = {
    "MetadataOptions": {"HttpTokens": "required"},
    "TagSpecifications": [
        {"ResourceType": "instance", "Tags": [{"Key": "approval", "Value": "one"}]}
    ],
}


def test_a_launch_that_meets_its_conditions_is_allowed(emulator, launch, instances):
    launch(emulator.as_user("ec2", *launch_policy()), **GUARDED)
    assert len(instances()) == 1


def tagged(**tags):
    named = [{"Key": key, "Value": value} for key, value in tags.items()]
    return {"TagSpecifications": [{"ResourceType": "instance", "Tags": named}]}


@pytest.mark.parametrize(
    "changes",
    [
        {"InstanceType": "t3.large"},
        {"MetadataOptions": {"HttpTokens": "optional"}},
        {"MetadataOptions": {}},
        {"TagSpecifications": []},
        tagged(approval="two"),
        tagged(approval="one", more="much"),
    ],
)
def test_a_launch_that_misses_a_condition_is_refused(emulator, launch, instances, changes):
    client = emulator.as_user("ec2", *launch_policy())
    assert code_of(lambda: launch(client, **GUARDED | changes)) == "UnauthorizedOperation"
    assert instances() == []


def test_tags_of_a_launch_need_their_own_permission(emulator, launch, instances):
    client = emulator.as_user("ec2", *launch_policy(create_tags=False))
    assert code_of(lambda: launch(client, **GUARDED)) == "UnauthorizedOperation"
    assert instances() == []


def test_permission_is_checked_before_a_dry_run(emulator, launch):
    nobody = emulator.as_user("ec2", NOTHING)
    assert code_of(lambda: launch(nobody, DryRun=True, **GUARDED)) == "UnauthorizedOperation"


def test_a_refused_call_is_recorded(emulator, launch, key_name):
    code_of(lambda: launch(emulator.as_user("ec2", NOTHING), **GUARDED))
    refused = emulator.recorded()[-1]
    assert refused["action"] == "RunInstances"
    assert refused["parameters"]["KeyName"] == key_name
    assert refused["answer"] == {"status": 403, "code": "UnauthorizedOperation"}
