"""An operator's policy names every call that the operator's commands make themselves."""

import ast
from collections.abc import Iterator

import botocore.session
import pytest
from botocore import xform_name

from infra.page import ROOT
from infra.permissions_operator import COMMANDS
from tests.infra.deployed_policies import ACCOUNT, REGION, every_document
from tests.support.iam_policies import allows, statements_of

FOLDERS = {
    "users": "users",
    "model": "model",
    "logs": "logs",
    "destroy": "deploy",
    "doctor": "doctor",
}
"""Where the code of each command is."""
NAMESPACES = {"sesv2": "ses", "stepfunctions": "states"}
OTHERWISE = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
}
"""Calls whose right has another name."""
FREE = {"sts:GetCallerIdentity"}


def calls_in(folder: str) -> set[str]:
    """The rights for the calls in a folder's code, whichever of its clients makes them."""
    trees = [
        ast.parse(file.read_text(encoding="utf-8")) for file in (ROOT / "cli" / folder).glob("*.py")
    ]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    services = {
        node.args[0].value
        for node in nodes
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) == "client"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    named = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    named |= {
        node.args[0].value
        for node in nodes
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") == "get_paginator"
        and isinstance(node.args[0], ast.Constant)
    }
    return set(_rights(services, named))


def _rights(services: set[str], named: set[str]) -> Iterator[str]:
    session = botocore.session.get_session()
    for service in services:
        for operation in session.get_service_model(service).operation_names:
            if xform_name(operation) in named:
                action = f"{NAMESPACES.get(service, service)}:{operation}"
                yield OTHERWISE.get(action, action)


def granted(word: str) -> set[str]:
    rights = [*COMMANDS[word], *COMMANDS["every command"]]
    return {
        prefix + one for _, text in rights for prefix, *names in [text.split()] for one in names
    }


@pytest.mark.parametrize("word", FOLDERS)
def test_a_commands_calls_are_in_the_operators_policy(word):
    made = calls_in(FOLDERS[word])
    assert made, "nothing is called, which cannot be"
    assert made - FREE <= granted(word)


def test_every_command_of_the_policy_has_its_code():
    assert set(COMMANDS) == {*FOLDERS, "every command"}


POLICIES = ("operate.json", "destroy.json")
TAGGED = {"aws:ResourceTag/countersign:stack": "Production"}


@pytest.fixture
def policies(production):
    """The statements of each policy of an operator."""
    documents = every_document(("Production", production.content))
    return {name: statements_of([documents[name]]) for name in POLICIES}


def made_names(template, kind):
    """Physical names as CloudFormation makes them, by the logical ones."""
    return {
        logical: f"Production-{logical}-1A2B3C4D5E6F"
        for logical, resource in template.content["Resources"].items()
        if resource["Type"] == kind
    }


def test_only_who_destroys_may_invoke_the_room_that_decides(production, policies):
    functions = [
        one.properties["FunctionName"]
        for one in production.of_type("AWS::Lambda::Function")
        if "FunctionName" in one.properties
    ]
    invoked = {
        name: {
            function.removeprefix("Production-")
            for function in functions
            if allows(
                policies[name],
                "lambda:InvokeFunction",
                f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}",
            )
        }
        for name in POLICIES
    }
    assert invoked == {
        "operate.json": {"catalogue", "continue_turn"},
        "destroy.json": {"decide_approval", "end_lease"},
    }


def test_an_operator_reads_requests_alone_and_who_destroys_only_appends_to_the_audit(
    production, policies
):
    tables = made_names(production, "AWS::DynamoDB::Table")
    verbs = ("GetItem", "Query", "Scan", "PutItem", "UpdateItem", "DeleteItem")
    held = {
        (name, logical[:-8], verb)
        for name in POLICIES
        for logical, table in tables.items()
        for verb in verbs
        if allows(
            policies[name],
            f"dynamodb:{verb}",
            f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}",
        )
    }
    assert held == {
        ("operate.json", "TablesApprovals", "GetItem"),
        ("operate.json", "TablesApprovals", "Query"),
        ("destroy.json", "TablesApprovals", "GetItem"),
        ("destroy.json", "TablesApprovals", "Scan"),
        ("destroy.json", "TablesApprovals", "UpdateItem"),
        ("destroy.json", "TablesAudit", "PutItem"),
        ("destroy.json", "TablesAudit", "Query"),
        ("destroy.json", "TablesAudit", "Scan"),
    }


def test_an_operator_changes_the_model_s_key_of_this_stack_alone(production, policies):
    [key] = made_names(production, "AWS::SecretsManager::Secret")
    for secret, tags, allowed in (
        (key, TAGGED, True),
        (key, {}, False),
        ("MapsKeySecret1234ABCD", TAGGED, False),
    ):
        arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{secret}-1A2B-AbCdEf"
        told = allows(policies["operate.json"], "secretsmanager:PutSecretValue", arn, tags)
        assert told is allowed
