"""What `agents show --iam` prints is what the stack's roles hold."""

import fnmatch
import re

import pytest

from functions.shared.operations import READS
from infra.agents import compile_agents
from infra.manifests.actions import KNOWN_OPERATIONS
from infra.manifests.rights import statements_of
from infra.page import ROOT

TYPES = {"type": "object", "properties": {"instance_type": {"enum": ["t3.micro"]}}}
HOLDERS = {"Catalogue": READS, "LaunchInstance": frozenset(KNOWN_OPERATIONS) - READS}


def doing(operation):
    return {
        "functions": [{"name": "do", "parameters": TYPES}],
        "actions": {"do": {"kind": "aws", "operation": operation}},
    }


def held(template, holder):
    """What a room's roles may do: action and resource, as far as both say the same."""
    return {
        (right.action, pattern(right.resource))
        for right in template.rights()
        if right.holder.startswith(holder)
    }


def pattern(resource):
    """A resource without what only a deployment knows."""
    return "*" if resource == "*" else re.sub(r"^arn:.*?:(?=[a-z-]+/)", "", resource)


@pytest.mark.parametrize("operation", KNOWN_OPERATIONS)
def test_every_right_that_an_operation_is_said_to_need_is_held_by_the_room_that_runs_it(
    production, operation
):
    [holder] = [room for room, operations in HOLDERS.items() if operation in operations]
    rights = held(production, holder)
    for statement in statements_of(doing(operation)):
        for action in statement["Action"]:
            for resource in statement["Resource"]:
                assert any(
                    action == own and fnmatch.fnmatch(pattern(resource), where)
                    for own, where in rights
                ), (action, resource)


def test_the_shipped_agent_is_said_to_need_all_that_the_launch_role_may_do_in_ec2(production):
    said = {
        action
        for statement in statements_of(compile_agents(ROOT / "agents")["ec2"])
        for action in statement["Action"]
    }
    role = {right.action for right in production.rights() if "LaunchRole" in right.holder}
    assert {action for action in role if action.startswith("ec2:")} <= said
