"""The policies of docs/permissions.md: enough for the template, and no more."""

import json

import pytest

from infra.page import Page
from infra.permissions import (
    CannotTell,
    deploying,
    place_of,
)
from infra.permissions_operator import COMMANDS, operating
from infra.permissions_page import FILE, SHOWN, page
from infra.permissions_rights import RIGHTS
from infra.permissions_roles import bounded_by, ceiling, spelled
from local.emulator.resource_calls import Account, calls
from local.emulator.resource_types import TYPES
from tests.infra.conftest import COMMON, PAGES
from tests.infra.deployed_policies import ACCOUNT, REGION, STACKS, executing, where
from tests.infra.excused_rights import EXCUSED, excuses_of
from tests.infra.provider_schemas import listed_rights
from tests.support.iam_policies import actions_of, allows, listed, matches, statements_of

NOT_TOLD = {"BootstrapVersion", "DeliverLogs"}
"""Rights that AWS tells of elsewhere: the CDK's rule about its bootstrap, the guide to access logs."""


@pytest.fixture(params=STACKS)
def stack(request, assembly):
    return request.param, assembly.template(request.param).content


def test_the_committed_page_is_what_the_script_writes(production):
    assert FILE.read_text() == page(production.content), "run `make permissions-docs`"


def test_the_page_shows_what_the_tests_look_at():
    written = Page.model_validate(SHOWN)
    assert written == Page.model_validate({**COMMON, "stack": "Production", **PAGES["Production"]})


def test_every_type_of_every_stack_has_its_rights(stack):
    assert executing(*stack)


def test_a_type_whose_rights_are_not_known_is_told(production):
    resources = {**production.content["Resources"], "New": {"Type": "AWS::New::Thing"}}
    with pytest.raises(CannotTell, match="AWS::New::Thing is not known: write it in infra/"):
        executing("Production", {**production.content, "Resources": resources})


def test_a_name_that_the_policy_would_not_cover_is_told():
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "somebody-elses"}}
    with pytest.raises(CannotTell, match="One is named somebody-elses"):
        executing("Ours", {"Resources": {"One": queue}})


def test_what_aws_lists_for_a_type_is_granted_or_excused(stack):
    name, content = stack
    granted = {action.lower() for action in actions_of(executing(name, content))}
    missing = {
        (kind, action)
        for kind in {resource["Type"] for resource in content["Resources"].values()}
        for action in listed_rights(kind)
        if action.lower() not in granted and not any(excuses_of(kind, action) or [0])
    }
    assert not {one for one in missing if not list(excuses_of(*one))}


def test_every_excuse_excuses_something():
    used = {
        place
        for kind in RIGHTS
        for action in listed_rights(kind)
        for place in excuses_of(kind, action)
    }
    assert used == set(range(len(EXCUSED)))


def test_aws_lists_rights_for_the_types(stack):
    """Else the comparison would hold of nothing."""
    kinds = {resource["Type"] for resource in stack[1]["Resources"].values()}
    assert [kind for kind in kinds if not listed_rights(kind)] == ["AWS::CDK::Metadata"] * (
        "AWS::CDK::Metadata" in kinds
    )


def needed(name, content):
    """What the emulator would ask of the role for each resource of a template."""
    place = where(name, content)
    account = Account(
        id=ACCOUNT,
        region=REGION,
        tags_of=lambda _: {"countersign:stack": name},
        boundary_of=lambda _: bounded_by(content["Resources"], place),
    )
    for logical, resource in content["Resources"].items():
        told = plain(resource.get("Properties", {}), content["Resources"], place)
        for operation in ("create", "update", "delete"):
            if resource["Type"] in TYPES:
                yield from calls(
                    operation, resource["Type"], logical, told, stack=name, account=account
                )


def plain(value, resources, place):
    if isinstance(value, list):
        return [plain(one, resources, place) for one in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref")):
        return spelled(value, resources, place)
    return {key: plain(one, resources, place) for key, one in value.items()}


def refused(statements, asked):
    return [
        (call.action, call.resource)
        for call in asked
        if not allows(statements, call.action, call.resource, call.keys)
    ]


def test_every_call_for_every_resource_is_allowed(stack):
    asked = list(needed(*stack))
    assert len(asked) > 200
    assert refused(statements_of(executing(*stack)), asked) == []


def test_without_any_one_statement_something_is_missing(stack):
    name, content = stack
    statements = statements_of(executing(name, content))
    asked = list(needed(name, content))
    kinds = {resource["Type"] for resource in content["Resources"].values()}
    told = {right.lower() for kind in kinds for right in listed_rights(kind)}
    for taken in statements:
        rest = [one for one in statements if one is not taken]
        lost = {one.lower() for one in actions_of([{"Statement": [taken]}])}
        lost -= {one.lower() for one in actions_of([{"Statement": rest}])}
        its = [one for one in asked if allows([taken], one.action, one.resource, one.keys)]
        assert refused(rest, its) or lost & told or taken["Sid"] in NOT_TOLD, taken["Sid"]


def test_a_key_and_a_pool_are_ours_by_their_tag_alone(production):
    statements = statements_of(executing("Production", production.content))
    key, pool = (
        f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1",
        f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/1",
    )
    for action, resource in (
        ("kms:ScheduleKeyDeletion", key),
        ("cognito-idp:DeleteUserPool", pool),
    ):
        for whose, allowed in (("Production", True), ("Other", False)):
            keys = {"aws:ResourceTag/countersign:stack": whose}
            assert allows(statements, action, resource, keys) is allowed
        assert not allows(statements, action, resource)
    asked = {"aws:RequestTag/countersign:stack": "Production"}
    for making in ("kms:CreateKey", "cognito-idp:CreateUserPool"):
        assert allows(statements, making, "*", asked)
        assert not allows(statements, making, "*")


def test_a_role_is_passed_only_to_the_services_that_the_stacks_roles_trust(stack):
    statements = statements_of(executing(*stack))
    ours, other = (f"arn:aws:iam::{ACCOUNT}:role/{name}-x" for name in (stack[0], "Admin"))
    for service, allowed in (("lambda", True), ("states", True), ("ec2", False)):
        keys = {"iam:PassedToService": f"{service}.amazonaws.com"}
        assert allows(statements, "iam:PassRole", ours, keys) is allowed
        assert not allows(statements, "iam:PassRole", other, keys)
    assert not allows(statements, "iam:PassRole", ours)


def test_roles_get_rights_only_below_the_boundary_where_the_page_names_one(in_subnets, production):
    for template, name, bounded in (
        (in_subnets, "InSubnets", True),
        (production, "Production", False),
    ):
        statements = statements_of(executing(name, template.content))
        role = f"arn:aws:iam::{ACCOUNT}:role/{name}-x"
        held = {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/Ceiling"}
        for action in ("iam:CreateRole", "iam:PutRolePolicy"):
            assert allows(statements, action, role) is not bounded
            assert allows(statements, action, role, held)
        assert "iam:DeleteRolePermissionsBoundary" not in actions_of([{"Statement": statements}])
        boundaries = [
            one.properties.get("PermissionsBoundary") for one in template.of_type("AWS::IAM::Role")
        ]
        assert all(boundaries) is bounded


def test_the_ceiling_holds_what_the_roles_may_and_nothing_else(stack, assembly):
    name, content = stack
    place = where(name, content)
    statements = ceiling(content["Resources"], place)
    template = assembly.template(name)
    documents = [document for _, document in template._documents()]
    granted = [one for one in statements_of(documents) if one["Effect"] == "Allow"]
    for statement in granted:
        for action in listed(statement["Action"]):
            for resource in listed(statement["Resource"]):
                assert allows(statements, action, spelled(resource, content["Resources"], place))
    assert actions_of([{"Statement": statements}]) == actions_of([{"Statement": granted}])
    iam = {one for one in actions_of([{"Statement": statements}]) if one.startswith("iam:")}
    assert iam <= {"iam:ListAccountAliases", "iam:PassRole"}


def test_a_deploy_takes_on_the_cdks_roles_and_does_nothing_else(production):
    [statement] = deploying(where("Production", production.content))["Statement"]
    assert statement["Action"] == "sts:AssumeRole"
    assert statement["Resource"] == [
        f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-{role}-{ACCOUNT}-{REGION}"
        for role in ("deploy-role", "file-publishing-role", "lookup-role")
    ]


def test_a_bootstrap_of_its_own_is_taken_from_the_template(production):
    version = {"BootstrapVersion": {"Default": "/cdk-bootstrap/csign/version"}}
    content = {**production.content, "Parameters": version}
    written = json.dumps(
        [deploying(where("Production", content)), *executing("Production", content)]
    )
    assert "cdk-csign-deploy-role-" in written
    assert "cdk-csign-assets-" in written
    assert "parameter/cdk-bootstrap/csign/version" in written
    assert "hnb659fds" not in written


@pytest.mark.parametrize(
    ("stack_name", "made", "foreign"),
    [
        ("Short", "Short-Role-1A2B", "Shorter-Role-1A2B"),
        (
            "A-stack-with-quite-a-long-name-of-forty-c",
            "A-stack-with-quite-a-long-name-Role-1A",
            "A-stack-with-Role",
        ),
    ],
)
def test_names_that_cloudformation_shortens_are_covered(stack_name, made, foreign):
    place = place_of({}, stack=stack_name, account=ACCOUNT, region=REGION)
    assert matches(made, place.named)
    assert not matches(foreign, place.named)


def test_partitions_follow_the_region():
    for region, partition in (
        ("eu-west-1", "aws"),
        ("us-gov-west-1", "aws-us-gov"),
        ("cn-north-1", "aws-cn"),
    ):
        assert place_of({}, stack="S", account=ACCOUNT, region=region).partition == partition


def test_a_command_needs_what_it_is_told_to_need(production):
    place = where("Production", production.content)
    for word in COMMANDS:
        alone = actions_of([operating(production.content, place, [word])])
        assert alone <= actions_of([operating(production.content, place)])
