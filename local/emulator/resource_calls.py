"""The calls that CloudFormation makes for one resource, as IAM checks them on AWS."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from local.emulator.resource_types import TYPES, Calls

Operation = Literal["create", "update", "delete"]


@dataclass(frozen=True, slots=True)
class Call:
    """One call as IAM checks it."""

    action: str
    resource: str
    keys: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where a stack is made, and what is there already."""

    id: str
    region: str
    tags_of: Callable[[str], Mapping[str, str]]
    """The tags of what has this ARN."""
    boundary_of: Callable[[str], str]
    """The permissions boundary of a role, by its name; empty for none."""


PASSED = {
    "AWS::Lambda::Function": ("Role", "lambda.amazonaws.com"),
    "AWS::StepFunctions::StateMachine": ("RoleArn", "states.amazonaws.com"),
}
WITHOUT_CALLS = ("AWS::CDK::Metadata", "AWS::CloudFormation::")


def calls(
    operation: Operation,
    kind: str,
    logical_id: str,
    properties: object,
    *,
    stack: str,
    account: Account,
) -> Iterator[Call]:
    """The calls of one operation; of a type that is not known here, one that only an administrator may make."""
    if kind.startswith(WITHOUT_CALLS):
        return
    told = properties if isinstance(properties, Mapping) else {}
    known = TYPES.get(kind)
    if known is None:
        _, service, word = kind.split("::")[:3] if kind.count("::") == 2 else ("", "custom", kind)
        yield Call(f"{service.lower()}:{operation.title()}{word}", "*")
        return
    tags = _tags(told)
    first: dict[str, Any] = {}
    arn = _arn(known, told, logical_id, stack, account)
    if "UserPoolId" in told:
        first |= _held(account.tags_of(arn))
    boundary = told.get("PermissionsBoundary") or (
        account.boundary_of(_last(told["Roles"])) if "Roles" in told else ""
    )
    if boundary:
        first["iam:PermissionsBoundary"] = boundary
    own = first | _held(tags)
    asked: dict[str, Any] = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    asked |= {"aws:TagKeys": list(tags)} if tags else {}
    actions = getattr(known, operation).split()
    if operation != "create":
        yield from (Call(action, known.changed_on or arn, own) for action in actions)
        return
    yield Call(actions[0], known.made_on or arn, asked | first)
    yield from (Call(action, arn, own) for action in actions[1:])
    if tags and known.tagging:
        yield Call(known.tagging, arn, own | asked)
    yield from _beside(kind, told, account)


def _tags(told: Mapping[str, Any]) -> dict[str, str]:
    """The template's own tags; those of CloudFormation need no right."""
    found = told.get("Tags") or told.get("UserPoolTags") or {}
    if not isinstance(found, Mapping):
        found = {one["Key"]: one["Value"] for one in found}
    return {str(key): str(value) for key, value in found.items() if not key.startswith("aws:")}


def _beside(kind: str, told: Mapping[str, Any], account: Account) -> Iterator[Call]:
    """What a creation reads, uses and hands over."""
    if kind in PASSED:
        member, service = PASSED[kind]
        yield Call("iam:PassRole", told[member], {"iam:PassedToService": service})
    code = told.get("Code")
    if kind == "AWS::Lambda::Function" and isinstance(code, Mapping) and "S3Bucket" in code:
        yield Call("s3:GetObject", f"arn:aws:s3:::{code['S3Bucket']}/{code['S3Key']}")
    table_key = (told.get("SSESpecification") or {}).get("KMSMasterKeyId", "")
    if kind == "AWS::DynamoDB::Table" and table_key.startswith("arn:"):
        keys = _held(account.tags_of(table_key))
        yield Call("kms:DescribeKey", table_key, keys)
        yield Call("kms:CreateGrant", table_key, keys | {"kms:GrantIsForAWSResource": "true"})
    secret_key = str(told.get("KmsKeyId", ""))
    if kind == "AWS::SecretsManager::Secret" and secret_key.startswith("arn:"):
        yield Call("kms:GenerateDataKey", secret_key, _held(account.tags_of(secret_key)))


def _held(tags: Mapping[str, str]) -> dict[str, Any]:
    return {f"aws:ResourceTag/{key}": value for key, value in tags.items()}


def _arn(
    known: Calls, told: Mapping[str, Any], logical_id: str, stack: str, account: Account
) -> str:
    name = str(told.get(known.named) or known.otherwise.format(stack=stack, logical=logical_id))
    if known.arn.startswith("s3:"):
        name = name.lower()
    reduced = {member: _last(value) for member, value in told.items()}
    places = {"region": account.region, "account": account.id, "name": name}
    return "arn:aws:" + known.arn.format_map(reduced | places)


def _last(value: object) -> str:
    """A name out of an ARN or address."""
    one = value[0] if isinstance(value, list) and value else value
    return str(one).rsplit("/", 1)[-1].rsplit(":", 1)[-1]
