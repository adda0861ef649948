"""Roles are narrow: each right is written down here once more, and nobody else has it."""

import re

import pytest

from tests.infra.conftest import PAGES, RESTART_ROLE, WEB_PROFILE, WEB_ROLE
from tests.infra.template import listed

LOG_AND_TRACE = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
}
TABLE_READS = {"kms:Decrypt", "kms:DescribeKey"}
TABLE_WRITES = TABLE_READS | {
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
}
CHAT = {
    ("dynamodb:Query", "<Tables/Conversations>"),
    ("dynamodb:PutItem", "<Tables/Conversations>"),
    ("dynamodb:UpdateItem", "<Tables/Conversations>"),
    ("dynamodb:GetItem", "<Tables/Approvals>"),
    ("dynamodb:PutItem", "<Tables/Approvals>"),
    ("dynamodb:PutItem", "<Tables/Audit>"),
    ("dynamodb:GetItem", "<Tables/Budgets>"),
    ("dynamodb:UpdateItem", "<Tables/Budgets>"),
    ("secretsmanager:GetSecretValue", "<Model/Secret>"),
    ("states:StartExecution", "MACHINE"),
    ("lambda:InvokeFunction", "FUNCTION:continue_turn"),
    ("lambda:InvokeFunction", "FUNCTION:catalogue"),
    ("lambda:InvokeFunction", "FUNCTION:run_action"),
}
DEAD_LETTERS = {("sqs:SendMessage", "<Protection/DeadLetters>")}
RIGHTS = {
    "Chat/FunctionRole": CHAT,
    "Chat/ContinueTurnRole": CHAT | DEAD_LETTERS,
    "Conversations/FunctionRole": {
        ("dynamodb:Query", "<Tables/Conversations>"),
        ("dynamodb:GetItem", "<Tables/Conversations>"),
        ("dynamodb:DeleteItem", "<Tables/Conversations>"),
        ("dynamodb:BatchWriteItem", "<Tables/Conversations>"),
        ("dynamodb:Query", "<Tables/Conversations>/index/owner_list"),
        ("dynamodb:BatchGetItem", "<Tables/Approvals>"),
    },
    "Approvals/FunctionRole": {
        ("dynamodb:GetItem", "<Tables/Approvals>"),
        ("dynamodb:Query", "<Tables/Approvals>"),
        ("dynamodb:Query", "<Tables/Approvals>/index/by_status"),
        ("dynamodb:Query", "<Tables/Audit>"),
    },
    "DecideApproval/FunctionRole": DEAD_LETTERS
    | {
        ("dynamodb:GetItem", "<Tables/Approvals>"),
        ("dynamodb:UpdateItem", "<Tables/Approvals>"),
        ("dynamodb:PutItem", "<Tables/Audit>"),
        ("dynamodb:Query", "<Tables/Audit>"),
        ("dynamodb:GetItem", "<Tables/TaskTokens>"),
        ("cognito-idp:AdminGetUser", "<SignIn/Pool>"),
        ("cognito-idp:AdminListGroupsForUser", "<SignIn/Pool>"),
        ("states:SendTaskSuccess", "*"),
    },
    "RequestApproval/FunctionRole": {
        ("dynamodb:GetItem", "<Tables/Approvals>"),
        ("dynamodb:UpdateItem", "<Tables/Approvals>"),
        ("dynamodb:ConditionCheckItem", "<Tables/Approvals>"),
        ("dynamodb:PutItem", "<Tables/Audit>"),
        ("dynamodb:PutItem", "<Tables/TaskTokens>"),
        ("ssm:GetParameter", "FREEZE"),
        ("cognito-idp:AdminGetUser", "<SignIn/Pool>"),
        ("cognito-idp:ListUsersInGroup", "<SignIn/Pool>"),
        ("sns:Publish", "<Notifications/Topic>"),
    },
    "Catalogue/FunctionRole": {
        ("ec2:DescribeImages", "*"),
        ("ec2:DescribeInstanceTypes", "*"),
        ("ec2:DescribeKeyPairs", "*"),
        ("pricing:GetProducts", "*"),
        ("ssm:GetParameters", "arn:aws:ssm:eu-west-1::parameter/aws/service/*"),
    },
    "Preflight/FunctionRole": {
        ("dynamodb:GetItem", "<Tables/Approvals>"),
        ("dynamodb:PutItem", "<Tables/Approvals>"),
        ("ec2:DescribeImages", "*"),
        ("ec2:DescribeInstanceTypeOfferings", "*"),
        ("ec2:DescribeInstanceTypes", "*"),
        ("ec2:DescribeInstances", "*"),
        ("ec2:DescribeKeyPairs", "*"),
        ("ec2:DescribeSecurityGroups", "*"),
        ("ec2:DescribeSubnets", "*"),
        ("ec2:DescribeVpcs", "*"),
        ("iam:ListAccountAliases", "*"),
        ("pricing:GetProducts", "*"),
        ("servicequotas:GetServiceQuota", "*"),
    },
    "LaunchInstance/FunctionRole": {
        ("dynamodb:UpdateItem", "<Tables/Budgets>"),
        ("dynamodb:GetItem", "<Tables/Approvals>"),
        ("dynamodb:BatchGetItem", "<Tables/Approvals>"),
        ("dynamodb:PutItem", "<Tables/Approvals>"),
        ("dynamodb:UpdateItem", "<Tables/Approvals>"),
        ("dynamodb:ConditionCheckItem", "<Tables/Approvals>"),
        ("dynamodb:PutItem", "<Tables/Audit>"),
        ("ssm:GetParameter", "FREEZE"),
        ("lambda:InvokeFunction", "FUNCTION:run_action"),
        ("sts:AssumeRole", "<LaunchInstance/LaunchRole>"),
        ("sts:SetSourceIdentity", "<LaunchInstance/LaunchRole>"),
    },
    "RunAction/FunctionRole": {("dynamodb:GetItem", "<Tables/Approvals>")},
    "RecordOutcome/FunctionRole": DEAD_LETTERS
    | {
        ("dynamodb:UpdateItem", "<Tables/Budgets>"),
        ("dynamodb:Query", "<Tables/Approvals>"),
        ("dynamodb:GetItem", "<Tables/Approvals>"),
        ("dynamodb:UpdateItem", "<Tables/Approvals>"),
        ("dynamodb:ConditionCheckItem", "<Tables/Approvals>"),
        ("dynamodb:PutItem", "<Tables/Audit>"),
        ("dynamodb:PutItem", "<Tables/Conversations>"),
        ("states:DescribeExecution", "EXECUTIONS"),
        ("sns:Publish", "<Notifications/Topic>"),
    },
    "Sweep/FunctionRole": {
        ("dynamodb:Query", "<Tables/Conversations>/index/unfinished"),
        ("dynamodb:Query", "<Tables/Approvals>/index/unfinished"),
        ("lambda:InvokeFunction", "FUNCTION:continue_turn"),
        ("lambda:InvokeFunction", "FUNCTION:decide_approval"),
        ("lambda:InvokeFunction", "FUNCTION:record_outcome"),
        ("lambda:InvokeFunction", "FUNCTION:request_approval"),
        ("lambda:InvokeFunction", "FUNCTION:end_lease"),
    },
    "EndLease/FunctionRole": DEAD_LETTERS
    | {
        ("dynamodb:UpdateItem", "<Tables/Budgets>"),
        ("dynamodb:GetItem", "<Tables/Approvals>"),
        ("dynamodb:BatchGetItem", "<Tables/Approvals>"),
        ("dynamodb:UpdateItem", "<Tables/Approvals>"),
        ("dynamodb:PutItem", "<Tables/Audit>"),
        ("ec2:DescribeInstances", "*"),
        ("ec2:StopInstances", "INSTANCES"),
        ("ec2:TerminateInstances", "INSTANCES"),
        ("sns:Publish", "<Notifications/Topic>"),
    },
    "Freeze/FunctionRole": {
        ("ssm:GetParameter", "FREEZE"),
        ("ssm:PutParameter", "FREEZE"),
        ("cognito-idp:AdminGetUser", "<SignIn/Pool>"),
        ("cognito-idp:AdminListGroupsForUser", "<SignIn/Pool>"),
    },
    "Pages/FunctionRole": set(),
    "Session/FunctionRole": set(),
}
# The only stars that stand for every resource, and why AWS leaves no choice.
STARS = {
    "xray:PutTraceSegments": "X-Ray's writes take no resource",
    "xray:PutTelemetryRecords": "X-Ray's writes take no resource",
    "xray:GetSamplingRules": "X-Ray's sampling takes no resource",
    "xray:GetSamplingTargets": "X-Ray's sampling takes no resource",
    "bedrock:CallWithBearerToken": "a token is no resource",
    "states:SendTaskSuccess": "a task token names no resource",
    "ec2:DescribeInstances": "takes no resource",
    "ec2:DescribeImages": "takes no resource",
    "ec2:DescribeInstanceTypeOfferings": "takes no resource",
    "ec2:DescribeInstanceTypes": "takes no resource",
    "ec2:DescribeKeyPairs": "takes no resource",
    "ec2:DescribeSecurityGroups": "takes no resource",
    "ec2:DescribeSubnets": "takes no resource",
    "ec2:DescribeVpcs": "takes no resource",
    "iam:ListAccountAliases": "the account has one, and it is no resource",
    "pricing:GetProducts": "the price list is no resource",
    "servicequotas:GetServiceQuota": "reading a quota takes no resource",
    "logs:CreateLogDelivery": "log delivery takes no resource",
    "logs:DeleteLogDelivery": "log delivery takes no resource",
    "logs:DescribeLogGroups": "log delivery takes no resource",
    "logs:DescribeResourcePolicies": "log delivery takes no resource",
    "logs:GetLogDelivery": "log delivery takes no resource",
    "logs:ListLogDeliveries": "log delivery takes no resource",
    "logs:PutResourcePolicy": "log delivery takes no resource",
    "logs:UpdateLogDelivery": "log delivery takes no resource",
}
PREFIXES = (
    (r"arn:aws:lambda:eu-west-1:123456789012:function:Production-", "FUNCTION:"),
    (r"arn:aws:states:eu-west-1:123456789012:stateMachine:Production-approval$", "MACHINE"),
    (r"arn:aws:ec2:eu-west-1:123456789012:instance/\*$", "INSTANCES"),
    (r"arn:aws:ssm:eu-west-1:123456789012:parameter/Production/freeze$", "FREEZE"),
    (r"arn:aws:states:eu-west-1:123456789012:execution:Production-approval:\*$", "EXECUTIONS"),
)


def short(resource, stack="Production"):
    for pattern, word in PREFIXES:
        resource = re.sub("^" + pattern.replace("Production", stack), word, resource)
    return resource


@pytest.mark.parametrize("holder", RIGHTS)
def test_a_lambda_may_do_exactly_what_its_code_does(production, holder):
    held = {
        (right.action, short(right.resource))
        for right in production.rights_of(holder)
        if right.action not in LOG_AND_TRACE and not right.action.startswith("kms:")
    }
    assert held == RIGHTS[holder]


def test_no_role_is_forgotten(production):
    others = {"Workflow/Role", "LaunchInstance/LaunchRole"}
    assert {role.path for role in production.of_type("AWS::IAM::Role")} == set(RIGHTS) | others


def test_a_lambda_writes_its_own_log_alone(production):
    for holder in RIGHTS:
        logs = {
            right.resource
            for right in production.rights_of(holder)
            if right.action.startswith("logs:")
        }
        assert logs == {f"<{holder.removesuffix('Role')}Log>"}


@pytest.mark.parametrize(
    ("holder", "uses"),
    [
        ("Approvals/FunctionRole", TABLE_READS),
        ("Sweep/FunctionRole", TABLE_READS),
        ("DecideApproval/FunctionRole", TABLE_WRITES | {"kms:GenerateMac"}),
        ("LaunchInstance/FunctionRole", TABLE_WRITES | {"kms:VerifyMac"}),
        ("RunAction/FunctionRole", TABLE_READS | {"kms:VerifyMac"}),
        ("Pages/FunctionRole", set()),
        ("Session/FunctionRole", set()),
    ],
)
def test_who_only_reads_may_only_decrypt(production, holder, uses):
    held = {right for right in production.rights_of(holder) if right.action.startswith("kms:")}
    assert {right.action for right in held} == uses
    seals = {right for right in held if right.action in ("kms:GenerateMac", "kms:VerifyMac")}
    assert {right.resource for right in held - seals} <= {"<Protection/Key>"}
    assert {right.resource for right in seals} <= {"<SealKey/Key>"}


def test_the_audit_is_appended_to_and_read_and_nothing_in_it_is_changed(production, laptop):
    for template in (production, laptop):
        actions = {
            right.action for right in template.rights() if right.resource == "<Tables/Audit>"
        }
        assert actions == {"dynamodb:PutItem", "dynamodb:Query"}
        readers = {
            right.holder
            for right in template.rights()
            if (right.action, right.resource) == ("dynamodb:Query", "<Tables/Audit>")
        }
        assert readers == {"Approvals/FunctionRole", "DecideApproval/FunctionRole"}


def test_replaced_seal_keys_are_for_verifying_alone(with_ses):
    [retired] = PAGES["WithSes"]["retired_seal_keys"]
    held = {
        (right.holder, right.action) for right in with_ses.rights() if right.resource == retired
    }
    assert held == {
        ("LaunchInstance/FunctionRole", "kms:VerifyMac"),
        ("RunAction/FunctionRole", "kms:VerifyMac"),
    }
    keys = with_ses.environment("LaunchInstance/Function")["DECISION_KEYS"]
    assert keys == f"<SealKey/Key>,{retired}"


@pytest.mark.parametrize(
    ("action", "holders"),
    [
        ("ec2:RunInstances", {"LaunchInstance/LaunchRole"}),
        ("ec2:CreateTags", {"LaunchInstance/LaunchRole"}),
        ("ec2:StopInstances", {"EndLease/FunctionRole", "LaunchInstance/LaunchRole"}),
        ("ec2:TerminateInstances", {"EndLease/FunctionRole", "LaunchInstance/LaunchRole"}),
        ("ssm:PutParameter", {"Freeze/FunctionRole"}),
        ("sts:AssumeRole", {"LaunchInstance/FunctionRole"}),
        ("kms:GenerateMac", {"DecideApproval/FunctionRole"}),
        ("kms:VerifyMac", {"LaunchInstance/FunctionRole", "RunAction/FunctionRole"}),
        ("states:SendTaskSuccess", {"DecideApproval/FunctionRole"}),
        ("states:SendTaskFailure", set()),
        ("states:SendTaskHeartbeat", set()),
        ("states:StartExecution", {"Chat/FunctionRole", "Chat/ContinueTurnRole"}),
        ("states:StopExecution", set()),
        ("iam:PassRole", set()),
        ("secretsmanager:GetSecretValue", {"Chat/FunctionRole", "Chat/ContinueTurnRole"}),
    ],
)
def test_a_dangerous_right_has_one_holder(production, laptop, action, holders):
    assert production.holders_of(action) == holders
    assert laptop.holders_of(action) == holders


def test_tokens_are_written_by_one_and_read_by_another(production):
    held = {
        (right.holder, right.action)
        for right in production.rights()
        if right.resource == "<Tables/TaskTokens>"
    }
    assert held == {
        ("RequestApproval/FunctionRole", "dynamodb:PutItem"),
        ("DecideApproval/FunctionRole", "dynamodb:GetItem"),
    }


def test_only_the_launch_function_may_become_the_launch_role_and_names_the_approval(production):
    role = production.one("AWS::IAM::Role", "LaunchInstance/LaunchRole")
    trusted = [
        (action, production.spelled(statement["Principal"]["AWS"]), statement.get("Condition"))
        for statement in role.properties["AssumeRolePolicyDocument"]["Statement"]
        for action in listed(statement["Action"])
    ]
    named = {"Null": {"sts:SourceIdentity": "false"}}
    assert trusted == [
        ("sts:AssumeRole", "<LaunchInstance/FunctionRole>", named),
        ("sts:SetSourceIdentity", "<LaunchInstance/FunctionRole>", None),
    ]


def test_the_launch_role_starts_only_what_was_approved_and_tagged(production):
    present = {
        f"aws:RequestTag/countersign:{tag}": "false"
        for tag in ("approval", "call", "requester", "approver", "stack")
    }
    held = {
        right.resource.rpartition(":")[2]: right.conditions
        for right in production.rights_of("LaunchInstance/LaunchRole")
        if right.action == "ec2:RunInstances"
    }
    assert held == {
        "instance/*": {
            "Null": present,
            "StringEquals": {
                "ec2:InstanceType": ["t2.micro", "t2.small", "t3.micro", "t3.small"],
                "ec2:MetadataHttpTokens": "required",
            },
        },
        "volume/*": {"Null": present},
        "image/*": None,
        "key-pair/*": None,
        "network-interface/*": None,
        "security-group/*": None,
        "subnet/*": None,
    }


def test_the_launch_role_starts_only_as_the_operator_fixed_it(with_ses):
    held = {
        right.resource: right.conditions
        for right in with_ses.rights_of("LaunchInstance/LaunchRole")
        if right.action == "ec2:RunInstances"
    }
    here, anyone = "arn:aws:ec2:eu-north-1:123456789012", "arn:aws:ec2:eu-north-1:*"
    assert set(held) == {
        f"{here}:instance/*",
        f"{here}:volume/*",
        f"{here}:network-interface/*",
        f"{here}:key-pair/*",
        "arn:aws:ec2:eu-north-1::image/*",
        f"{anyone}:subnet/subnet-0123456789abcdef0",
        f"{anyone}:security-group/sg-0123456789abcdef0",
    }
    instance, volume = held[f"{here}:instance/*"], held[f"{here}:volume/*"]
    assert instance["ArnEquals"] == {"ec2:InstanceProfile": WEB_PROFILE}
    assert volume["Bool"] == {"ec2:Encrypted": "true"}
    assert instance["Null"] == volume["Null"]
    assert len(volume["Null"]) == 5
    interface = held[f"{here}:network-interface/*"]
    assert interface == {"Bool": {"ec2:AssociatePublicIpAddress": "false"}}


def test_the_one_role_in_the_fixed_instance_profile_is_passed_to_ec2_alone(with_ses):
    passed = {
        right.resource: right.conditions
        for right in with_ses.rights()
        if right.action == "iam:PassRole"
    }
    assert passed == {
        RESTART_ROLE: {"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}},
        WEB_ROLE: {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
    }


def test_only_a_launch_role_that_encrypts_looks_at_images(with_ses, production):
    looks = ("LaunchInstance/LaunchRole", "ec2:DescribeImages")
    assert looks in {(right.holder, right.action) for right in with_ses.rights()}
    assert looks not in {(right.holder, right.action) for right in production.rights()}


def test_tags_are_set_only_while_starting(production):
    tagging = [right for right in production.rights() if right.action == "ec2:CreateTags"]
    assert {right.resource.rpartition(":")[2] for right in tagging} == {"instance/*", "volume/*"}
    for right in tagging:
        assert right.conditions == {"StringEquals": {"ec2:CreateAction": "RunInstances"}}


@pytest.mark.parametrize("action", ["ec2:StopInstances", "ec2:TerminateInstances"])
def test_an_end_reaches_only_what_this_stack_tagged_for_an_approval(production, with_ses, action):
    for template, stack, region in (
        (production, "Production", "eu-west-1"),
        (with_ses, "WithSes", "eu-north-1"),
    ):
        rights = [right for right in template.rights() if right.action == action]
        assert len(rights) == 2
        for right in rights:
            assert right.resource.split(":")[3] == region
            assert right.resource.endswith(":instance/*")
            assert right.conditions == {
                "StringEquals": {"aws:ResourceTag/countersign:stack": stack},
                "Null": {"aws:ResourceTag/countersign:approval": "false"},
            }


def test_only_pinned_runbooks_are_started_with_their_version_and_their_role(with_ses):
    held = [
        (right.action, right.resource, right.conditions)
        for right in with_ses.rights_of("LaunchInstance/LaunchRole")
        if right.action.startswith(("ssm:", "iam:")) and right.resource != WEB_ROLE
    ]
    here = "arn:aws:ssm:eu-north-1:123456789012"
    ours = f"{here}:document/Company-RestartService"
    of_aws = "arn:aws:ssm:eu-north-1::document/AWS-RestartEC2Instance"
    executions = f"{here}:automation-execution/*"

    def version(number):
        return {"ForAnyValue:StringEquals": {"ssm:DocumentVersion": [number]}}

    start = "ssm:StartAutomationExecution"
    expected = [
        (start, of_aws, version("1")),
        (start, ours, version("4")),
        (start, "arn:aws:ssm:eu-north-1::automation-definition/AWS-RestartEC2Instance:1", None),
        (start, f"{here}:automation-definition/Company-RestartService:4", None),
        (start, executions, None),
        ("ssm:GetAutomationExecution", executions, None),
        (
            "iam:PassRole",
            RESTART_ROLE,
            {"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}},
        ),
    ]
    assert sorted(held, key=str) == sorted(expected, key=str)
    looked_up = {
        right.resource for right in with_ses.rights() if right.action == "ssm:DescribeDocument"
    }
    assert looked_up == {of_aws, ours}
    assert with_ses.holders_of("iam:PassRole") == {"LaunchInstance/LaunchRole"}


def test_the_launch_role_is_bound_to_the_target_s_region(with_ses):
    regions = {
        right.resource.split(":")[3]
        for right in with_ses.rights_of("LaunchInstance/LaunchRole")
        if right.action == "ec2:RunInstances"
    }
    assert regions == {"eu-north-1"}


def test_the_workflow_may_invoke_its_six_tasks_and_nothing_else(production):
    invoked = {
        right.resource
        for right in production.rights_of("Workflow/Role")
        if right.action not in STARS
    }
    assert invoked == {
        "<Chat/ContinueTurn>",
        "<DecideApproval/Function>",
        "<LaunchInstance/Function>",
        "<Preflight/Function>",
        "<RecordOutcome/Function>",
        "<RequestApproval/Function>",
    }


def test_ses_is_granted_for_the_sender_alone(with_ses):
    sending = {right.resource for right in with_ses.rights() if right.action == "ses:SendEmail"}
    assert {resource.rpartition("identity/")[2] for resource in sending} == {
        "countersign@example.com",
        "example.com",
    }
    assert with_ses.holders_of("ses:SendEmail") == {
        "RequestApproval/FunctionRole",
        "RecordOutcome/FunctionRole",
        "EndLease/FunctionRole",
    }


def test_the_room_that_reaches_hosts_outside_reads_the_named_secrets_alone(with_ses):
    held = {
        right.resource
        for right in with_ses.rights_of("RunAction/FunctionRole")
        if right.action == "secretsmanager:GetSecretValue"
    }
    own = PAGES["WithSes"]["secrets"]["NEWS_KEY"]["arn"]
    assert held == {"<RunAction/MapsKeySecret>", own}
    assert with_ses.holders_of("secretsmanager:GetSecretValue") == {
        "Chat/FunctionRole",
        "Chat/ContinueTurnRole",
        "RunAction/FunctionRole",
    }
    secret = with_ses.one("AWS::SecretsManager::Secret", "RunAction/MapsKeySecret")
    assert not {"SecretString", "GenerateSecretString"} & set(secret.properties)


def test_no_action_is_a_pattern_and_every_star_is_explained(production, with_ses, laptop):
    for template in (production, with_ses, laptop):
        for right in template.rights():
            assert "*" not in right.action, right
            assert right.resource != "*" or right.action in STARS, right


def test_no_role_has_a_managed_policy_or_trusts_another_account(production):
    for role in production.of_type("AWS::IAM::Role"):
        assert "ManagedPolicyArns" not in role.properties, role.path
        for statement in role.properties["AssumeRolePolicyDocument"]["Statement"]:
            assert statement["Principal"] != "*"
            assert statement["Principal"] != {"AWS": "*"}
