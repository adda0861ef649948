"""The calls that CloudFormation makes for one resource, as IAM checks them on AWS."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from local.emulator.resource_types import POOL_TYPE, TYPES, Calls

Operation = Literal["create", "update", "delete"]


@dataclass(frozen=True, slots=True)
class Call:
    """One call as IAM checks it."""

    action: str
    resource: str
    keys: Mapping[str, Any] = field(default_factory=dict)


PASSED = {
    "AWS::Lambda::Function": ("Role", "lambda.amazonaws.com"),
    "AWS::StepFunctions::StateMachine": ("RoleArn", "states.amazonaws.com"),
}
_pool_tags: dict[str, dict[str, str]] = {}
WITHOUT_CALLS = ("AWS::CDK::Metadata", "AWS::CloudFormation::")


def calls(
    operation: Operation, kind: str, logical_id: str, properties: object, stack: str
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
    held = _pool_tags.get(str(told.get("UserPoolId")), {})
    own = {f"aws:ResourceTag/{key}": value for key, value in (tags | held).items()}
    first: dict[str, Any] = {f"aws:ResourceTag/{key}": value for key, value in held.items()}
    asked: dict[str, Any] = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    asked |= {"aws:TagKeys": list(tags)} if tags else {}
    if told.get("PermissionsBoundary"):
        first["iam:PermissionsBoundary"] = told["PermissionsBoundary"]
    arn = _arn(known, told, logical_id, stack)
    actions = getattr(known, operation).split()
    if operation != "create":
        yield from (Call(action, arn, own | first) for action in actions)
        return
    yield Call(actions[0], known.made_on or arn, asked | first)
    yield from (Call(action, arn, own) for action in actions[1:])
    if tags and known.tagging:
        yield Call(known.tagging, arn, own | asked)
    yield from _beside(kind, told)


def remember_made(kind: str, physical_id: str, properties: Mapping[str, Any]) -> None:
    """Whatever is in a pool is reached by the pool's tags, which stock drops."""
    if kind == POOL_TYPE:
        _pool_tags[physical_id] = _tags(properties)


def _beside(kind: str, told: Mapping[str, Any]) -> Iterator[Call]:
    """What a creation reads, uses and hands over."""
    if kind in PASSED:
        member, service = PASSED[kind]
        yield Call("iam:PassRole", told[member], {"iam:PassedToService": service})
    code = told.get("Code")
    if kind == "AWS::Lambda::Function" and isinstance(code, Mapping) and "S3Bucket" in code:
        yield Call("s3:GetObject", f"arn:aws:s3:::{code['S3Bucket']}/{code['S3Key']}")
    table_key = (told.get("SSESpecification") or {}).get("KMSMasterKeyId", "")
    if kind == "AWS::DynamoDB::Table" and table_key.startswith("arn:"):
        yield Call("kms:DescribeKey", table_key, _tags_of(table_key))
        yield Call(
            "kms:CreateGrant",
            table_key,
            _tags_of(table_key) | {"kms:GrantIsForAWSResource": "true"},
        )
    if kind == "AWS::SecretsManager::Secret" and str(told.get("KmsKeyId", "")).startswith("arn:"):
        yield Call("kms:GenerateDataKey", told["KmsKeyId"], _tags_of(told["KmsKeyId"]))


def _arn(known: Calls, told: Mapping[str, Any], logical_id: str, stack: str) -> str:
    from ministack.core.responses import get_account_id, get_region

    name = str(told.get(known.named) or known.otherwise.format(stack=stack, logical=logical_id))
    if known.arn.startswith("s3:"):
        name = name.lower()
    reduced = {member: _last(value) for member, value in told.items()}
    places = {"region": get_region(), "account": get_account_id(), "name": name}
    return "arn:aws:" + known.arn.format_map(reduced | places)


def _last(value: object) -> str:
    """A name out of an ARN or address."""
    one = value[0] if isinstance(value, list) and value else value
    return str(one).rsplit("/", 1)[-1].rsplit(":", 1)[-1]


def _tags(told: Mapping[str, Any]) -> dict[str, str]:
    """The template's own tags; those of CloudFormation need no right."""
    found = told.get("Tags") or told.get("UserPoolTags") or {}
    if not isinstance(found, Mapping):
        found = {one["Key"]: one["Value"] for one in found}
    return {str(key): str(value) for key, value in found.items() if not key.startswith("aws:")}


def _tags_of(arn: str) -> dict[str, Any]:
    from ministack.services.tagging import resource_tags

    return {f"aws:ResourceTag/{key}": value for key, value in (resource_tags(arn) or {}).items()}
