"""What one session of the launch role may do: no more than the one call that people saw.

AWS takes the intersection with the role's own policies, so that what stands here only ever takes away.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from functions.shared import automation, run_instances
from functions.shared.end_instances import ENDINGS
from functions.shared.fixed_parameters import DISKS
from functions.shared.instance_tags import TAG_APPROVAL
from functions.shared.targets import Target

MOST_CHARACTERS = 2048
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""
_WILD = str.maketrans('*?$"\\', "?????")
"""What a name may hold and a policy reads as a pattern, or JSON writes with two: any one character each."""
_DISK_KEYS = (
    "CreateGrant",
    "Decrypt",
    "DescribeKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncrypt*",
)

Statement = dict[str, Any]


def session_policy(target: Target, approval_id: str, call: Mapping[str, Any]) -> str:
    """The policy, as JSON, for one planned call in its target; raises `BadArguments` for a call that cannot be."""
    operation = str(call["operation"])
    statements = [_allow("ec2:DescribeInstances", "*")]
    if operation in ENDINGS:
        instance_id = ENDINGS[operation].check(call["arguments"]).instance_id
        verb = operation.title().replace("_", "")
        statements.append(_allow(f"ec2:{verb}", f"{_ec2(target)}instance/{instance_id}"))
    elif operation == automation.KIND:
        statements = _runbook(target, call["parameters"]["request"])
    elif operation == "run_instances":
        planned = call.get("parameters") or run_instances.planned(call["arguments"], {})
        return _whole_launch(target, approval_id, planned, statements)
    return _text(statements)


def _whole_launch(
    target: Target, approval_id: str, planned: Mapping[str, Any], others: Sequence[Statement]
) -> str:
    """As much of a launch as AWS takes in one policy: the network is left to the role first, then the key pair."""
    key = planned["KeyName"].translate(_WILD)
    text = ""
    for network, key_pair in ((planned, key), ({}, key), ({}, "*")):
        text = _text([*others, *_launch(target, approval_id, planned, network, key_pair)])
        if len(text) <= MOST_CHARACTERS:
            break
    return text


def _launch(
    target: Target,
    approval_id: str,
    planned: Mapping[str, Any],
    network: Mapping[str, Any],
    key_pair: str,
) -> list[Statement]:
    """One instance of this type from this image, tagged with its approval, and what starts with it."""
    here = _ec2(target)
    shared = f"arn:{target.partition}:ec2:{target.region}:*:"  # a shared network is its owner's
    created = [f"{here}instance/*", f"{here}volume/*"]
    is_planned = {
        "StringEquals": {
            "ec2:InstanceType": planned["InstanceType"],
            f"aws:RequestTag/{TAG_APPROVAL}": approval_id,
        }
    }
    used = [
        f"arn:{target.partition}:ec2:{target.region}::image/{planned['ImageId']}",
        f"{here}key-pair/{key_pair}",
        f"{here}network-interface/*",
        f"{here}volume/*",
        *(f"{shared}subnet/{one}" for one in _subnets(network)),
        *(f"{shared}security-group/{one}" for one in _groups(network)),
    ]
    through_ec2 = {"StringEquals": {"kms:ViaService": f"ec2.{target.region}.amazonaws.com"}}
    return [
        _allow("ec2:RunInstances", created[0], is_planned),
        _allow("ec2:RunInstances", used),
        _allow("ec2:CreateTags", created),
        *([_allow("ec2:DescribeImages", "*")] if DISKS in planned else []),
        _allow([f"kms:{one}" for one in _DISK_KEYS], "*", through_ec2),
        *_passed_role(target, planned),
    ]


def _subnets(network: Mapping[str, Any]) -> Sequence[str]:
    """The one that is planned; any, where AWS chooses."""
    named = network.get("SubnetId") or _interface(network).get("SubnetId")
    return [named] if named else ["*"]


def _groups(network: Mapping[str, Any]) -> Sequence[str]:
    named = network.get("SecurityGroupIds") or _interface(network).get("Groups")
    return list(named) if named else ["*"]


def _interface(network: Mapping[str, Any]) -> Mapping[str, Any]:
    """The only one, where the plan spells it out."""
    interfaces: Sequence[Mapping[str, Any]] = network.get("NetworkInterfaces") or [{}]
    return interfaces[0]


def _passed_role(target: Target, planned: Mapping[str, Any]) -> list[Statement]:
    """With an instance profile the role in it, and no other, is handed to EC2."""
    if not planned.get("IamInstanceProfile"):
        return []
    return [_allow("iam:PassRole", target.passed_role)]


def _runbook(target: Target, request: Mapping[str, Any]) -> list[Statement]:
    """This version of this document, with its role; AWS's own documents are in no account."""
    name, version = str(request["DocumentName"]), str(request["DocumentVersion"])
    document = (
        name
        if name.startswith("arn:")
        else f"arn:{target.partition}:ssm:{target.region}:*:document/{name}"
    )
    definition = document.replace(":document/", ":automation-definition/")
    executions = (
        f"arn:{target.partition}:ssm:{target.region}:{target.account}:automation-execution/*"
    )
    return [
        _allow("ssm:StartAutomationExecution", [document, f"{definition}:{version}", executions]),
        _allow("ssm:GetAutomationExecution", executions),
        _allow("iam:PassRole", list(request["Parameters"][automation.ROLE])),
    ]


def _ec2(target: Target) -> str:
    return f"arn:{target.partition}:ec2:{target.region}:{target.account}:"


def _allow(
    action: str | Sequence[str],
    resource: str | Sequence[str],
    condition: Mapping[str, Any] | None = None,
) -> Statement:
    statement: Statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def _text(statements: Sequence[Statement]) -> str:
    policy = {"Version": "2012-10-17", "Statement": statements}
    return json.dumps(policy, separators=(",", ":"))
