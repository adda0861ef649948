"""Who may what around Python: the sandbox nothing, one room may ask it, and cells are written by that room alone."""

import pytest

from tests.infra.test_iam import LOG_AND_TRACE, RIGHTS, STARS, short

BUCKET = "<Python/Bucket>"
ASKING = ("lambda:InvokeFunction", "FUNCTION:ask_sandbox")
ADDED = {
    "Chat/FunctionRole": {ASKING},
    "Chat/ContinueTurnRole": {ASKING},
    "LaunchInstance/FunctionRole": {ASKING},
    "Conversations/FunctionRole": {
        ("s3:DeleteObject", f"{BUCKET}/*"),
        ("s3:ListBucket", BUCKET),
    },
}
RIGHTS_AROUND_PYTHON = {
    "Python/AskSandbox/FunctionRole": {
        ("lambda:InvokeFunction", "FUNCTION:run_code"),
        ("dynamodb:Query", "<Tables/Conversations>"),
        ("dynamodb:GetItem", "<Tables/Approvals>"),
        ("s3:GetObject", f"{BUCKET}/*/notebook.json"),
        ("s3:GetObject", f"{BUCKET}/*/snapshot"),
        ("s3:GetObject", f"{BUCKET}/*/files/*"),
        ("s3:PutObject", f"{BUCKET}/*/notebook.json"),
        ("s3:PutObject", f"{BUCKET}/*/snapshot"),
        ("s3:ListBucket", BUCKET),
    },
    "Python/Notebooks/FunctionRole": {
        ("dynamodb:Query", "<Tables/Conversations>"),
        ("dynamodb:PutItem", "<Tables/Conversations>"),
        ("dynamodb:DeleteItem", "<Tables/Conversations>"),
        ("s3:GetObject", f"{BUCKET}/*/notebook.json"),
        ("s3:GetObject", f"{BUCKET}/*/files/*"),
        ("s3:PutObject", f"{BUCKET}/*/files/*"),
        ("s3:DeleteObject", f"{BUCKET}/*/files/*"),
        ("s3:ListBucket", BUCKET),
    },
}
SANDBOX = "Python/RunCode/FunctionRole"
INTERFACES = {
    "ec2:AssignPrivateIpAddresses": "Lambda tries it without a resource",
    "ec2:CreateNetworkInterface": "Lambda tries it without a resource",
    "ec2:DeleteNetworkInterface": "Lambda tries it without a resource",
    "ec2:DescribeNetworkInterfaces": "takes no resource",
    "ec2:DescribeSubnets": "takes no resource",
    "ec2:UnassignPrivateIpAddresses": "Lambda tries it without a resource",
}
"""What Lambda needs to attach a function to a network."""


def held_by(template, holder):
    return {
        (right.action, short(right.resource, "Analysis"))
        for right in template.rights_of(holder)
        if right.action not in LOG_AND_TRACE and not right.action.startswith("kms:")
    }


@pytest.mark.parametrize("holder", RIGHTS)
def test_other_rooms_have_the_rights_they_have_without_python_and_few_more(analysis, holder):
    assert held_by(analysis, holder) == RIGHTS[holder] | ADDED.get(holder, set())


@pytest.mark.parametrize("holder", RIGHTS_AROUND_PYTHON)
def test_a_room_around_python_may_do_exactly_what_its_code_does(analysis, holder):
    assert held_by(analysis, holder) == RIGHTS_AROUND_PYTHON[holder]


def test_no_role_around_python_is_forgotten(analysis, production):
    known = {role.path for role in production.of_type("AWS::IAM::Role")}
    flow_log = {"Python/RunCode/Network/Isolated/FlowLogRole"}
    assert {role.path for role in analysis.of_type("AWS::IAM::Role")} == known | flow_log | {
        SANDBOX
    } | set(RIGHTS_AROUND_PYTHON)


def test_the_sandbox_may_write_its_log_and_lambda_may_attach_it(analysis, in_subnets):
    log = ("<Python/RunCode/FunctionLog>",)
    for template in (analysis, in_subnets):
        assert {(right.action, right.resource) for right in template.rights_of(SANDBOX)} == {
            *((action, "*") for action in INTERFACES),
            ("logs:CreateLogStream", *log),
            ("logs:PutLogEvents", *log),
        }


def test_on_a_laptop_the_sandbox_may_write_its_log_alone(laptop_analysis):
    actions = {right.action for right in laptop_analysis.rights_of(SANDBOX)}
    assert actions == {"logs:CreateLogStream", "logs:PutLogEvents"}


def test_whatever_is_asked_from_within_the_sandbox_is_denied_but_its_log(assembly):
    """The Deny names the function whose environment asks, so that Lambda's own calls for it are not hit."""
    for stack in ("Analysis", "InSubnets", "LaptopAnalysis"):
        [denied] = assembly.template(stack).denials_of(SANDBOX)
        account = "123456789012"
        arn = f"arn:aws:lambda:eu-west-1:{account}:function:{stack}-run_code"
        assert denied == {
            "Sid": "NothingFromWithin",
            "Effect": "Deny",
            "NotAction": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": "*",
            "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": [arn, f"{arn}:*"]}},
        }


def test_the_sandbox_is_asked_by_one_room_and_that_room_by_three(analysis):
    invoking = {
        (right.holder, short(right.resource, "Analysis"))
        for right in analysis.rights()
        if right.action.startswith("lambda:")
        and short(right.resource, "Analysis") in ("FUNCTION:run_code", "FUNCTION:ask_sandbox")
    }
    assert invoking == {
        ("Python/AskSandbox/FunctionRole", "FUNCTION:run_code"),
        ("Chat/FunctionRole", "FUNCTION:ask_sandbox"),
        ("Chat/ContinueTurnRole", "FUNCTION:ask_sandbox"),
        ("LaunchInstance/FunctionRole", "FUNCTION:ask_sandbox"),
    }
    admitted = {
        analysis.spelled(permission.properties["FunctionName"])
        for permission in analysis.of_type("AWS::Lambda::Permission")
    }
    assert admitted.isdisjoint({"<Python/RunCode/Function>", "<Python/AskSandbox/Function>"})


def test_the_workflow_reaches_none_of_them(analysis):
    reached = {right.resource for right in analysis.rights_of("Workflow/Role")}
    assert not [resource for resource in reached if "Python" in resource]


def test_cells_are_written_by_one_room(analysis):
    writing = {
        right.holder
        for right in analysis.rights()
        if right.action == "s3:PutObject" and not right.resource.endswith("/files/*")
    }
    assert writing == {"Python/AskSandbox/FunctionRole"}


@pytest.mark.parametrize(
    ("holder", "uses"),
    [
        (SANDBOX, set()),
        ("Conversations/FunctionRole", None),
        (
            "Python/AskSandbox/FunctionRole",
            {"kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:VerifyMac"},
        ),
    ],
)
def test_the_deployment_s_key_is_used_for_what_is_read_and_written(
    analysis, production, holder, uses
):
    def keys(template):
        rights = template.rights_of(holder)
        return {right.action for right in rights if right.action.startswith("kms:")}

    assert keys(analysis) == (keys(production) if uses is None else uses)


def test_seals_are_verified_where_approved_calls_are_sent(analysis, production):
    added = analysis.holders_of("kms:VerifyMac") - production.holders_of("kms:VerifyMac")
    assert added == {"Python/AskSandbox/FunctionRole"}
    assert analysis.holders_of("kms:GenerateMac") == production.holders_of("kms:GenerateMac")


def test_every_star_around_python_is_explained(analysis, in_subnets, laptop_analysis):
    for template in (analysis, in_subnets, laptop_analysis):
        for right in template.rights():
            assert "*" not in right.action, right
            assert right.resource != "*" or right.action in STARS | INTERFACES, right
