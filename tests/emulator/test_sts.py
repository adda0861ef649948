"""Roles of this account and another, which is a key of twelve digits: what AWS asks of both sides is asked here."""

import json
import uuid

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.emulator

HOME, AWAY = "000000000000", "210987654321"
EXTERNAL_ID = "any-long-word"


class Accounts:
    """A caller at home, and a role of an account that trusts it."""

    def __init__(self, emulator, account):
        self.emulator, self.account = emulator, account
        self.name = f"there-{uuid.uuid4().hex[:8]}"
        self.role = f"arn:aws:iam::{account}:role/{self.name}"

    def trusts(self, caller, *, names="sts:SetSourceIdentity"):
        only = {
            "StringEquals": {"sts:ExternalId": EXTERNAL_ID},
            "Null": {"sts:SourceIdentity": "false"},
        }
        principal = {"AWS": caller}
        statements = [
            {"Action": "sts:AssumeRole", "Principal": principal, "Condition": only},
            {"Action": names, "Principal": principal},
        ]
        self.emulator.one_try("iam", self.account).create_role(
            RoleName=self.name,
            AssumeRolePolicyDocument=json.dumps(
                {"Statement": [{"Effect": "Allow", **one} for one in statements]}
            ),
        )

    def caller(self, *actions):
        """STS as a user at home who may do this to the role."""
        return self.emulator.as_user("sts", {"Action": list(actions), "Resource": self.role})

    def assume(self, sts, **more):
        asked = {"ExternalId": EXTERNAL_ID, "SourceIdentity": "approval", **more}
        return sts.assume_role(
            RoleArn=self.role,
            RoleSessionName="approval",
            **{name: value for name, value in asked.items() if value is not None},
        )


@pytest.fixture(params=[HOME, AWAY], ids=["here", "elsewhere"])
def accounts(emulator, request):
    return Accounts(emulator, request.param)


def refusal(call, *arguments, **more):
    with pytest.raises(ClientError) as refused:
        call(*arguments, **more)
    return refused.value.response["Error"]


BOTH = ("sts:AssumeRole", "sts:SetSourceIdentity")


def test_a_role_is_assumed_by_whom_it_trusts_with_what_it_asks_for(accounts):
    sts = accounts.caller(*BOTH)
    accounts.trusts(sts.get_caller_identity()["Arn"])
    assumed = accounts.assume(sts)
    assert f"arn:aws:sts::{accounts.account}:assumed-role/" in assumed["AssumedRoleUser"]["Arn"]
    for lacking in ({"ExternalId": None}, {"ExternalId": "wrong"}, {"SourceIdentity": None}):
        assert refusal(accounts.assume, sts, **lacking)["Code"] == "AccessDenied", lacking


def test_naming_a_source_identity_is_a_right_of_the_caller(accounts):
    sts = accounts.caller("sts:AssumeRole")
    accounts.trusts(sts.get_caller_identity()["Arn"])
    told = refusal(accounts.assume, sts)
    assert (told["Code"], "sts:SetSourceIdentity" in told["Message"]) == ("AccessDenied", True)


def test_naming_a_source_identity_is_a_right_by_the_role_s_trust(accounts):
    sts = accounts.caller(*BOTH)
    accounts.trusts(sts.get_caller_identity()["Arn"], names="sts:TagSession")
    assert refusal(accounts.assume, sts)["Code"] == "AccessDenied"


def test_a_session_policy_only_takes_away(accounts):
    sts = accounts.caller(*BOTH)
    accounts.trusts(sts.get_caller_identity()["Arn"])
    accounts.emulator.one_try("iam", accounts.account).put_role_policy(
        RoleName=accounts.name,
        PolicyName="only",
        PolicyDocument=json.dumps(
            {"Statement": [{"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}]}
        ),
    )
    images = {"Effect": "Allow", "Action": ["ec2:DescribeImages", "ec2:RunInstances"]}
    policy = {"Version": "2012-10-17", "Statement": [{**images, "Resource": "*"}]}
    session = accounts.assume(sts, Policy=json.dumps(policy))["Credentials"]
    key = (session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
    ec2 = accounts.emulator.one_try("ec2", *key)
    assert ec2.describe_images()["Images"]
    launch = {"ImageId": "ami-0123456789abcdef0", "MinCount": 1, "MaxCount": 1}
    for call, asked in ((ec2.describe_instances, {}), (ec2.run_instances, launch)):
        assert refusal(call, **asked)["Code"] == "UnauthorizedOperation"
