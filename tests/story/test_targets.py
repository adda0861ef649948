"""Two accounts: an instance in each, the right one named, and the role of one launches nothing in the other."""

import contextlib

import boto3
import pytest
from botocore.exceptions import ClientError

from functions.launch_instance.session_policy import session_policy
from functions.shared.targets import Targets
from local.programs import ACCOUNT, REGION
from tests.story.script import KONDO
from tests.story.stacks import AWAY, AWAY_TARGET

pytestmark = pytest.mark.story

WHERE = {"default": ACCOUNT, AWAY_TARGET: AWAY}


def client(story, service, key="test", secret="test", token=None):
    return boto3.client(
        service,
        endpoint_url=story.aws.endpoint,
        region_name=REGION,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
    )


def root_of(story, account, service="ec2"):
    return client(story, service, account if account == AWAY else "test")


@pytest.fixture
def story(targets_story):
    """With the key pair and the alias of the other account."""
    ec2, iam = (root_of(targets_story, AWAY, name) for name in ("ec2", "iam"))
    with contextlib.suppress(ec2.exceptions.ClientError):
        ec2.create_key_pair(KeyName=KONDO["key_name"])
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_account_alias(AccountAlias="payments-test")
    return targets_story


def asks(story, target):
    story.model.calls(arguments={**KONDO, "target": target})
    turn = story.user("alice").says("I want to run a new EC2 instance.")
    assert turn["approval"], turn
    return turn


def instances(story, account, approval):
    answer = root_of(story, account).describe_instances(
        Filters=[{"Name": "tag:countersign:approval", "Values": [approval]}]
    )
    return [one for part in answer["Reservations"] for one in part["Instances"]]


@pytest.mark.parametrize("target", list(WHERE))
def test_an_instance_starts_in_the_account_that_plan_page_and_mail_name(story, target):
    account = WHERE[target]
    turn = asks(story, target)
    assert f"Target: {target} (account {account}, {REGION})" in turn["reply"]
    approval = turn["approval"]["id"]
    page = story.user("bob").sees_approval(approval, "pending")
    assert (page["account"]["id"], page["region"], page["target"]) == (account, REGION, target)
    assert page["facts"][0]["key"] == "account"
    assert account in page["facts"][0]["value"]
    chosen = next(fact for fact in page["facts"] if fact["key"] == "target")
    assert (chosen["value"], chosen["source"]) == (target, "model")
    named = f"payments-test ({AWAY})" if account == AWAY else ACCOUNT
    [mail] = story.until(lambda: story.mails("bob@example.com", about=approval))
    assert mail["text"].startswith(f"Account: {named}\nRegion: {REGION}\n")
    story.user("bob").approves(approval)
    closed = story.user("bob").sees_closed(approval)
    assert closed["calls"][0]["outcome"]["status"] == "succeeded", closed
    other = next(one for one in WHERE.values() if one != account)
    assert len(instances(story, account, approval)) == 1
    assert instances(story, other, approval) == []


def session(story, target, call, *, approval="a" * 26):
    """EC2 as the launch function gets it for a planned call of a target."""
    lambdas = story.aws.client("lambda")
    function = lambdas.get_function_configuration(
        FunctionName=story.outputs["LaunchInstanceFunction"]
    )
    there = Targets.parsed(function["Environment"]["Variables"]["TARGETS"]).named(target)
    room = client(story, "sts").assume_role(RoleArn=function["Role"], RoleSessionName="room")
    own = room["Credentials"]
    sts = client(story, "sts", own["AccessKeyId"], own["SecretAccessKey"], own["SessionToken"])
    assumed = sts.assume_role(
        RoleArn=there.launch_role,
        RoleSessionName=approval,
        SourceIdentity=approval,
        Policy=session_policy(there, approval, call),
        **({"ExternalId": there.external_id} if there.external_id else {}),
    )["Credentials"]
    return client(
        story,
        "ec2",
        assumed["AccessKeyId"],
        assumed["SecretAccessKey"],
        assumed["SessionToken"],
    )


def launch(approval="a" * 26, **more):
    tags = {
        "countersign:approval": approval,
        "countersign:call": "call_1",
        "countersign:requester": "alice@example.com",
        "countersign:approver": "bob@example.com",
        "countersign:stack": "Targets",
    }
    named = [{"Key": key, "Value": value} for key, value in tags.items()]
    return {
        "ImageId": KONDO["image_id"],
        "InstanceType": KONDO["instance_type"],
        "KeyName": KONDO["key_name"],
        "MinCount": 1,
        "MaxCount": 1,
        "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"},
        "TagSpecifications": [
            {"ResourceType": kind, "Tags": named} for kind in ("instance", "volume")
        ],
        "DryRun": True,
        **more,
    }


def said(call, **request):
    with pytest.raises(ClientError) as refused:
        call(**request)
    return refused.value.response["Error"]["Code"]


CALL = {"operation": "run_instances", "arguments": KONDO}


@pytest.mark.parametrize("target", list(WHERE))
def test_a_session_launches_what_was_planned_and_nothing_else(story, target):
    ec2 = session(story, target, CALL)
    assert said(ec2.run_instances, **launch()) == "DryRunOperation"
    for other in (
        {"InstanceType": "t3.micro"},
        {"KeyName": "another"},
        {"ImageId": "ami-0123456789abcdef0"},
    ):
        assert said(ec2.run_instances, **launch(**other)) == "UnauthorizedOperation", other
    assert said(ec2.run_instances, **launch("b" * 26)) == "UnauthorizedOperation"
    ended = said(ec2.terminate_instances, InstanceIds=["i-0123456789abcdef0"])
    assert ended == "UnauthorizedOperation"


def test_the_role_of_one_account_launches_nothing_in_the_other(story):
    """Its sessions belong to its own account: the other one has neither its instances nor its role."""
    for target, account in WHERE.items():
        ec2 = session(story, target, {"operation": "extend_lease", "arguments": {}})
        owner = {one["Id"] for one in client_accounts(ec2)}
        assert owner <= {account}
        assert said(ec2.run_instances, **launch()) == "UnauthorizedOperation"
    for account, role in ((AWAY, "look"), (AWAY, "lease")):
        arn = f"arn:aws:iam::{account}:role/Targets-{AWAY_TARGET}-{role}"
        assert said_by_launcher(story, arn) == "AccessDenied"


def client_accounts(ec2):
    """The owners of what a session sees."""
    parts = ec2.describe_instances()["Reservations"]
    return [{"Id": part["OwnerId"]} for part in parts]


def said_by_launcher(story, role):
    """What STS answers where the launch function asks for a role that is not for it."""
    lambdas = story.aws.client("lambda")
    name = story.outputs["LaunchInstanceFunction"]
    own = client(story, "sts").assume_role(
        RoleArn=lambdas.get_function_configuration(FunctionName=name)["Role"],
        RoleSessionName="room",
    )["Credentials"]
    sts = client(story, "sts", own["AccessKeyId"], own["SecretAccessKey"], own["SessionToken"])
    return said(
        sts.assume_role,
        RoleArn=role,
        RoleSessionName="approval",
        ExternalId="choose-any-long-word",
    )
