"""Instances after their launch: how they are found, and who may end them."""

import uuid

import pytest
from botocore.exceptions import ClientError

from local.emulator.ec2.launching import DEMO_IMAGE

pytestmark = pytest.mark.emulator

EVERY_INSTANCE = "arn:aws:ec2:us-east-1:000000000000:instance/*"


@pytest.fixture
def launched(emulator):
    """Starts an instance with these tags and this token; its id."""

    def run(*, token: str = "", **tags: str) -> str:
        asked = {"ImageId": DEMO_IMAGE, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
        if token:
            asked["ClientToken"] = token
        if tags:
            named = [{"Key": key, "Value": value} for key, value in tags.items()]
            asked["TagSpecifications"] = [{"ResourceType": "instance", "Tags": named}]
        return emulator.client("ec2").run_instances(**asked)["Instances"][0]["InstanceId"]

    return run


def found(emulator, name: str, *values: str) -> list[dict]:
    answer = emulator.client("ec2").describe_instances(
        Filters=[{"Name": name, "Values": list(values)}]
    )
    return [one for part in answer["Reservations"] for one in part["Instances"]]


def state(emulator, instance: str) -> str:
    return found(emulator, "instance-id", instance)[0]["State"]["Name"]


def test_an_instance_is_found_by_its_id_and_an_unknown_id_finds_none(emulator, launched):
    first, second, _ = launched(), launched(), launched()
    both = found(emulator, "instance-id", first, second, "i-00000000000000000")
    assert {one["InstanceId"] for one in both} == {first, second}
    assert found(emulator, "instance-id", "i-00000000000000000") == []


def test_an_instance_is_found_by_the_client_token_of_its_launch(emulator, launched):
    token = uuid.uuid4().hex
    instance = launched(token=token)
    launched(token=uuid.uuid4().hex)
    launched()
    [one] = found(emulator, "client-token", token)
    assert (one["InstanceId"], one["ClientToken"]) == (instance, token)
    assert found(emulator, "client-token", "another") == []


def ending_policy(**tags: str) -> dict:
    """May end what carries these tags, and what has a tag `approval`, whatever it says."""
    condition = {
        "StringEquals": {f"aws:ResourceTag/{key}": value for key, value in tags.items()},
        "Null": {"aws:ResourceTag/approval": "false"},
    }
    actions = ["ec2:StopInstances", "ec2:TerminateInstances"]
    return {"Action": actions, "Resource": EVERY_INSTANCE, "Condition": condition}


def test_who_may_end_tagged_instances_ends_those(emulator, launched):
    client = emulator.as_user("ec2", ending_policy(stack="one"))
    instances = [launched(stack="one", approval="a"), launched(stack="one", approval="b")]
    client.stop_instances(InstanceIds=instances)
    assert [state(emulator, one) for one in instances] == ["stopped", "stopped"]
    client.terminate_instances(InstanceIds=instances[:1])
    assert [state(emulator, one) for one in instances] == ["terminated", "stopped"]


@pytest.mark.parametrize(
    "tags", [{}, {"stack": "two", "approval": "a"}, {"stack": "one"}, {"approval": "a"}]
)
@pytest.mark.parametrize("verb", ["stop_instances", "terminate_instances"])
def test_an_instance_without_these_tags_is_refused_also_beside_one_that_has_them(
    emulator, launched, verb, tags
):
    client = emulator.as_user("ec2", ending_policy(stack="one"))
    ours, foreign = launched(stack="one", approval="a"), launched(**tags)
    for asked in ([foreign], [ours, foreign], [foreign, ours]):
        with pytest.raises(ClientError) as refused:
            getattr(client, verb)(InstanceIds=asked)
        assert refused.value.response["Error"]["Code"] == "UnauthorizedOperation"
    assert (state(emulator, ours), state(emulator, foreign)) == ("running", "running")
