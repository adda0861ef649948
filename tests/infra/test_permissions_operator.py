"""An operator's policy names every call that the operator's commands make themselves."""

import ast
from collections.abc import Iterator

import botocore.session
import pytest
from botocore import xform_name

from infra.page import ROOT
from infra.permissions_operator import COMMANDS

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
