import json
import uuid

import pytest
from botocore.exceptions import ClientError

from tests.emulator.conftest import until

pytestmark = pytest.mark.emulator

ACCOUNT = "000000000000"
READS = {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"Tags": [{"Key": "of", "Value": "us"}]}}


def role(emulator, *statements: dict, service: str = "cloudformation.amazonaws.com") -> str:
    """A role that may do only this; its ARN."""
    iam, name = emulator.client("iam"), f"made-{uuid.uuid4().hex[:8]}"
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    if statements:
        allowed = {"Statement": [{"Effect": "Allow", **statement} for statement in statements]}
        iam.put_role_policy(RoleName=name, PolicyName="only", PolicyDocument=json.dumps(allowed))
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def operator(emulator, *passed: str):
    """A CloudFormation client of a user who may change stacks and hand over these roles."""
    stacks = {"Action": "cloudformation:*", "Resource": "*"}
    passing = [
        {
            "Action": "iam:PassRole",
            "Resource": arn,
            "Condition": {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}},
        }
        for arn in passed
    ]
    return emulator.as_user("cloudformation", stacks, *passing)


def deploy(emulator, formation, resource: dict, **how: str) -> tuple[str, str, str]:
    """The stack's name and state after its creation, and why its first resource failed."""
    name = f"rights-{uuid.uuid4().hex[:8]}"
    body = json.dumps({"Resources": {"One": resource}})
    formation.create_stack(
        StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_IAM"], **how
    )
    return name, ended(emulator, name), reason(emulator, name)


def ended(emulator, name: str) -> str:
    described = emulator.client("cloudformation").describe_stacks
    return until(
        lambda: described(StackName=name)["Stacks"][0]["StackStatus"],
        lambda status: not status.endswith("IN_PROGRESS"),
        within=20,
    )


def reason(emulator, name: str) -> str:
    events = emulator.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    return next(
        (
            one["ResourceStatusReason"]
            for one in events
            if one["LogicalResourceId"] == "One" and one["ResourceStatus"].endswith("FAILED")
        ),
        "",
    )


def on(arn: str, *actions: str) -> dict:
    return {"Action": list(actions), "Resource": arn}


def test_a_role_is_handed_over_only_by_who_may_pass_it(emulator):
    mine = role(emulator, on("*", "sqs:*"))
    with pytest.raises(ClientError) as refused:
        deploy(emulator, operator(emulator), QUEUE, RoleARN=mine)
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
    assert deploy(emulator, operator(emulator, mine), QUEUE, RoleARN=mine)[1] == "CREATE_COMPLETE"


def test_a_role_that_is_not_there_or_trusts_another_is_not_taken(emulator):
    missing = f"arn:aws:iam::{ACCOUNT}:role/nobody-made-this"
    for arn in (missing, role(emulator, on("*", "sqs:*"), service="lambda.amazonaws.com")):
        with pytest.raises(ClientError, match="invalid or cannot be assumed"):
            deploy(emulator, emulator.client("cloudformation"), QUEUE, RoleARN=arn)


def test_a_resource_is_made_only_as_far_as_the_role_may(emulator):
    formation = emulator.client("cloudformation")
    _, state, why = deploy(emulator, formation, QUEUE, RoleARN=role(emulator))
    assert state == "ROLLBACK_COMPLETE"
    assert "is not authorized to perform: sqs:CreateQueue on resource: arn:aws:sqs:" in why
    tagging = role(emulator, on("*", "sqs:CreateQueue"))
    assert "sqs:TagQueue" in deploy(emulator, formation, QUEUE, RoleARN=tagging)[2]


def test_a_right_on_the_stacks_names_makes_them_and_no_others(emulator):
    ours = f"arn:aws:sqs:us-east-1:{ACCOUNT}:rights-*"
    narrow = role(emulator, on(ours, "sqs:CreateQueue", "sqs:TagQueue"))
    formation = emulator.client("cloudformation")
    assert deploy(emulator, formation, QUEUE, RoleARN=narrow)[1] == "CREATE_COMPLETE"
    other = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "of-somebody-else"}}
    assert "sqs:CreateQueue" in deploy(emulator, formation, other, RoleARN=narrow)[2]


def test_a_key_is_made_only_with_the_tag_that_the_role_asks_for(emulator):
    tag = {"StringEquals": {"aws:RequestTag/of": "us"}}
    own = {"StringEquals": {"aws:ResourceTag/of": "us"}}
    tagged = role(
        emulator,
        {**on("*", "kms:CreateKey"), "Condition": tag},
        {**on("*", "kms:TagResource", "kms:EnableKeyRotation"), "Condition": own},
    )
    formation = emulator.client("cloudformation")
    for value, state in (("us", "CREATE_COMPLETE"), ("them", "ROLLBACK_COMPLETE")):
        policy = {"Statement": []}
        properties = {"KeyPolicy": policy, "Tags": [{"Key": "of", "Value": value}]}
        key = {"Type": "AWS::KMS::Key", "Properties": properties}
        assert deploy(emulator, formation, key, RoleARN=tagged)[1] == state


def test_a_function_needs_its_role_passed_and_its_zip_read(emulator):
    executing = role(emulator, service="lambda.amazonaws.com")
    code = {"S3Bucket": "zips", "S3Key": "one.zip"}
    properties = {"Role": executing, "Code": code, "Handler": "m.h", "Runtime": "python3.13"}
    function = {"Type": "AWS::Lambda::Function", "Properties": properties}
    making = on("*", "lambda:CreateFunction", "lambda:GetFunction")
    to_lambda = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    passing = {**on(executing, "iam:PassRole"), "Condition": to_lambda}
    formation = emulator.client("cloudformation")
    for statements, missing in (((making,), "iam:PassRole"), ((making, passing), "s3:GetObject")):
        own = role(emulator, *statements)
        assert missing in deploy(emulator, formation, function, RoleARN=own)[2]


def test_a_role_of_a_stack_is_made_only_below_the_boundary_that_is_asked_for(emulator):
    boundary = emulator.client("iam").create_policy(
        PolicyName=f"ceiling-{uuid.uuid4().hex[:8]}",
        PolicyDocument=json.dumps(READS),
    )["Policy"]["Arn"]
    below = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    bound = role(emulator, {**on("*", "iam:CreateRole", "iam:PutRolePolicy"), "Condition": below})
    formation = emulator.client("cloudformation")
    trust = {"AssumeRolePolicyDocument": {"Statement": []}}
    free = {"Type": "AWS::IAM::Role", "Properties": trust}
    held = {"Type": "AWS::IAM::Role", "Properties": {**trust, "PermissionsBoundary": boundary}}
    assert "iam:CreateRole" in deploy(emulator, formation, free, RoleARN=bound)[2]
    assert deploy(emulator, formation, held, RoleARN=bound)[1] == "CREATE_COMPLETE"
    for found, state in ((held, "CREATE_COMPLETE"), (free, "ROLLBACK_COMPLETE")):
        name = f"rights-{uuid.uuid4().hex[:8]}"
        emulator.client("iam").create_role(RoleName=name, **policies(found["Properties"]))
        inline = {"PolicyName": "more", "PolicyDocument": READS, "Roles": [name]}
        policy = {"Type": "AWS::IAM::Policy", "Properties": inline}
        assert deploy(emulator, formation, policy, RoleARN=bound)[1] == state


def policies(properties: dict) -> dict:
    return {**properties, "AssumeRolePolicyDocument": json.dumps({"Statement": []})}


def test_a_stack_is_removed_with_the_rights_of_the_role_it_was_made_with(emulator):
    formation = emulator.client("cloudformation")
    making = role(emulator, on("*", "sqs:CreateQueue", "sqs:TagQueue"))
    name, _, _ = deploy(emulator, formation, QUEUE, RoleARN=making)
    formation.delete_stack(StackName=name)
    assert ended(emulator, name) == "DELETE_FAILED"
    assert "sqs:DeleteQueue" in reason(emulator, name)


def test_without_a_role_a_stack_is_made_with_the_callers_rights(emulator):
    _, state, why = deploy(emulator, operator(emulator), QUEUE)
    assert state == "ROLLBACK_COMPLETE"
    assert ":user/" in why
    assert "sqs:CreateQueue" in why
    own = emulator.as_user("cloudformation", on("*", "cloudformation:*", "sqs:*"))
    assert deploy(emulator, own, QUEUE)[1] == "CREATE_COMPLETE"


def test_a_type_that_is_not_known_here_is_made_only_by_an_administrator(emulator):
    formation = emulator.client("cloudformation")
    group = {"Type": "AWS::ECS::Cluster", "Properties": {}}
    narrow = role(emulator, on("*", "sqs:*"))
    assert "ecs:CreateCluster" in deploy(emulator, formation, group, RoleARN=narrow)[2]
    assert deploy(emulator, formation, group, RoleARN=role(emulator, on("*", "*")))[1] == (
        "CREATE_COMPLETE"
    )


def test_what_is_in_a_pool_is_made_by_who_may_change_pools_with_its_tag(emulator):
    own = {"StringEquals": {"aws:ResourceTag/of": "us"}}
    making = on("*", "cognito-idp:CreateUserPool")
    inside = {
        **on(
            "*",
            "cognito-idp:SetUserPoolMfaConfig",
            "cognito-idp:TagResource",
            "cognito-idp:CreateGroup",
        ),
        "Condition": own,
    }
    narrow = role(emulator, making, inside)
    formation = emulator.client("cloudformation")
    pool = {"Type": "AWS::Cognito::UserPool", "Properties": {"UserPoolTags": {"of": "us"}}}
    group = {"UserPoolId": {"Ref": "One"}, "GroupName": "people"}
    resources = {"One": pool, "Two": {"Type": "AWS::Cognito::UserPoolGroup", "Properties": group}}
    name = f"rights-{uuid.uuid4().hex[:8]}"
    body = json.dumps({"Resources": resources})
    formation.create_stack(StackName=name, TemplateBody=body, RoleARN=narrow)
    assert ended(emulator, name) == "CREATE_COMPLETE"
    other = emulator.client("cognito-idp").create_user_pool(PoolName="of-others")["UserPool"]["Id"]
    alone = {"Type": "AWS::Cognito::UserPoolGroup", "Properties": {**group, "UserPoolId": other}}
    assert "cognito-idp:CreateGroup" in deploy(emulator, formation, alone, RoleARN=narrow)[2]


@pytest.mark.parametrize(("given", "made"), [("", 0), ("one,two", 1)])
def test_a_condition_compares_joined_texts(emulator, given, made):
    formation, name = emulator.client("cloudformation"), f"rights-{uuid.uuid4().hex[:8]}"
    template = {
        "Parameters": {"Some": {"Type": "CommaDelimitedList", "Default": given}},
        "Conditions": {
            "Any": {"Fn::Not": [{"Fn::Equals": ["", {"Fn::Join": ["", {"Ref": "Some"}]}]}]}
        },
        "Resources": {"Always": QUEUE, "One": {**QUEUE, "Condition": "Any"}},
    }
    formation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    assert ended(emulator, name) == "CREATE_COMPLETE"
    resources = formation.describe_stack_resources(StackName=name)["StackResources"]
    assert sum(one["LogicalResourceId"] == "One" for one in resources) == made


def test_a_subscription_is_changed_by_who_may_change_all(emulator):
    topic = {"Type": "AWS::SNS::Topic"}
    told = {"TopicArn": {"Ref": "Topic"}, "Protocol": "email", "Endpoint": "reader@example.com"}
    resources = {"Topic": topic, "One": {"Type": "AWS::SNS::Subscription", "Properties": told}}
    topics = on(f"arn:aws:sns:us-east-1:{ACCOUNT}:rights-*", "sns:*")
    formation = emulator.client("cloudformation")
    for more, state in (((), "DELETE_FAILED"), ((on("*", "sns:Unsubscribe"),), "DELETE_COMPLETE")):
        name = f"rights-{uuid.uuid4().hex[:8]}"
        own = role(emulator, topics, *more)
        made = formation.create_stack(
            StackName=name, TemplateBody=json.dumps({"Resources": resources}), RoleARN=own
        )["StackId"]
        assert ended(emulator, made) == "CREATE_COMPLETE"
        formation.delete_stack(StackName=name)
        assert ended(emulator, made) == state
