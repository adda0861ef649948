"""The IAM statements that an agent's calls rest on, as the stack writes them: for people who review a manifest.

In brackets stands what only a deployment knows.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Statement = dict[str, Any]
EC2 = "arn:aws:ec2:[region]:[account]"
OURS = {
    "StringEquals": {"aws:ResourceTag/countersign:stack": "[stack]"},
    "Null": {"aws:ResourceTag/countersign:approval": "false"},
}


def _allow(actions: Sequence[str], resources: Sequence[str], **conditions: Any) -> Statement:
    statement: Statement = {
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": list(resources),
    }
    return {**statement, "Condition": conditions} if conditions else statement


def _end(action: str) -> list[Statement]:
    return [_allow([action], [f"{EC2}:instance/*"], **OURS), SEE]


SEE = _allow(["ec2:DescribeInstances"], ["*"])
OPERATIONS: Mapping[str, list[Statement]] = {
    "extend_lease": [SEE],
    "stop_instances": _end("ec2:StopInstances"),
    "terminate_instances": _end("ec2:TerminateInstances"),
    "list_images": [
        _allow(["ec2:DescribeImages"], ["*"]),
        _allow(["ssm:GetParameters"], ["arn:aws:ssm:[region]::parameter/aws/service/*"]),
    ],
    "list_key_pairs": [_allow(["ec2:DescribeKeyPairs"], ["*"])],
    "list_instance_types": [
        _allow(["ec2:DescribeInstanceTypes", "pricing:GetProducts"], ["*"]),
    ],
}


def statements_of(agent: Mapping[str, Any]) -> list[Statement]:
    """Every statement that one compiled agent needs, each once."""
    statements: list[Statement] = []
    functions = {function["name"]: function for function in agent.get("functions", ())}
    for name, action in agent.get("actions", {}).items():
        for statement in _of_action(action, functions.get(name, {})):
            if statement not in statements:
                statements.append(statement)
    return statements


def _of_action(action: Mapping[str, Any], function: Mapping[str, Any]) -> list[Statement]:
    statements: list[Statement] = []
    if action["kind"] == "aws" and action["operation"] == "run_instances":
        statements += _launch(function)
    elif action["kind"] == "aws":
        statements += OPERATIONS[action["operation"]]
    elif action["kind"] == "document":
        statements += _automation(action)
    if "secret" in action:
        secret = f"arn:aws:secretsmanager:[region]:[account]:secret:[{action['secret']}]"
        statements.append(_allow(["secretsmanager:GetSecretValue"], [secret]))
    return statements


def _launch(function: Mapping[str, Any]) -> list[Statement]:
    properties = function.get("parameters", {}).get("properties", {})
    types = properties.get("instance_type", {}).get("enum", [])
    equal = {"ec2:InstanceType": types, "ec2:MetadataHttpTokens": "required"}
    others = ["image", "key-pair", "network-interface", "security-group", "subnet"]
    return [
        _allow(["ec2:RunInstances"], [f"{EC2}:instance/*"], StringEquals=equal),
        _allow(
            ["ec2:RunInstances"],
            [f"{EC2}:volume/*", *(f"{EC2}:{kind}/*" for kind in others)],
        ),
        _allow(
            ["ec2:CreateTags"],
            [f"{EC2}:instance/*", f"{EC2}:volume/*"],
            StringEquals={"ec2:CreateAction": "RunInstances"},
        ),
        SEE,
    ]


def _automation(action: Mapping[str, Any]) -> list[Statement]:
    document, version = action["document"], action["version"]
    owner = "" if is_of_aws(document) else "[account]"
    arn = (
        document
        if document.startswith("arn:")
        else f"arn:aws:ssm:[region]:{owner}:document/{document}"
    )
    definition = f"{arn.replace(':document/', ':automation-definition/')}:{version}"
    executions = "arn:aws:ssm:[region]:[account]:automation-execution/*"
    pinned = {"ForAnyValue:StringEquals": {"ssm:DocumentVersion": [version]}}
    passed = {"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}}
    return [
        _allow(["ssm:DescribeDocument"], [arn]),
        _allow(["ssm:StartAutomationExecution"], [arn], **pinned),
        _allow(["ssm:StartAutomationExecution"], [definition, executions]),
        _allow(["ssm:GetAutomationExecution"], [executions]),
        _allow(["iam:PassRole"], [action["role"]], **passed),
    ]


def is_of_aws(document: str) -> bool:
    """Whether the name is one of AWS's own documents, which are in no account; nobody else's may begin so."""
    return document.lower().startswith(("aws", "amazon", "amzn"))
