"""What the roles of a template are: who may be handed one, what they may do together, what bounds them."""

from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from infra import permissions_places as on
from infra.permissions_places import On, Place
from infra.permissions_rights import OWN_NAMES, own_name

ROLE = "AWS::IAM::Role"
POLICY = "AWS::IAM::Policy"
ARN_OF: Mapping[str, On] = {
    "AWS::Cognito::UserPool": on.POOLS,
    "AWS::DynamoDB::Table": on.TABLES,
    "AWS::Events::Rule": on.RULES,
    "AWS::IAM::Role": on.ROLES,
    "AWS::KMS::Key": on.KEYS,
    "AWS::Lambda::Function": on.FUNCTIONS,
    "AWS::Logs::LogGroup": on.LOG_GROUPS,
    "AWS::S3::Bucket": on.BUCKETS,
    "AWS::SNS::Topic": on.TOPICS,
    "AWS::SQS::Queue": on.QUEUES,
    "AWS::SSM::Parameter": on.PARAMETERS,
    "AWS::SecretsManager::Secret": on.SECRETS,
    "AWS::StepFunctions::StateMachine": on.MACHINES,
}
Resources = Mapping[str, Any]


def services_of(resources: Resources) -> list[str]:
    """The services that the roles trust, and that may therefore be handed one."""
    return sorted(
        {
            service
            for role in _of_type(resources, ROLE)
            for statement in role["AssumeRolePolicyDocument"]["Statement"]
            if isinstance(statement.get("Principal"), Mapping)
            for service in listed(statement["Principal"].get("Service", []))
        }
    )


def bounded_by(resources: Resources, place: Place) -> str:
    """The boundary that every role of the template has; empty where not every one has the same."""
    found = {
        spelled(role.get("PermissionsBoundary", ""), resources, place)
        for role in _of_type(resources, ROLE)
    }
    return found.pop() if len(found) == 1 else ""


def ceiling(resources: Resources, place: Place) -> list[dict[str, Any]]:
    """Statements that hold what all roles of the template may do, and nothing else."""
    actions: dict[tuple[str, ...], set[str]] = {}
    for statement in _statements(resources):
        if statement["Effect"] == "Allow":
            told = {spelled(one, resources, place) for one in listed(statement["Resource"])}
            actions.setdefault(tuple(sorted(told)), set()).update(listed(statement["Action"]))
    by_actions: dict[tuple[str, ...], set[str]] = {}
    for arns, named in actions.items():
        by_actions.setdefault(tuple(sorted(named)), set()).update(arns)
    return [
        {
            "Sid": f"Roles{number}",
            "Effect": "Allow",
            "Action": list(named),
            "Resource": sorted(_without_the_covered(arns)),
        }
        for number, (named, arns) in enumerate(sorted(by_actions.items()), start=1)
    ]


def spelled(value: Any, resources: Resources, place: Place) -> str:  # noqa: ANN401
    """An intrinsic of the template as IAM would match it here."""
    if isinstance(value, str):
        return value
    [(function, argument)] = value.items()
    if function == "Fn::Join":
        return str(argument[0]).join(spelled(part, resources, place) for part in argument[1])
    name = argument[0] if isinstance(argument, list) else argument
    known = {
        "AWS::Partition": place.partition,
        "AWS::AccountId": place.account,
        "AWS::Region": place.region,
        "AWS::StackName": place.stack,
        "AWS::URLSuffix": "amazonaws.com",
    }
    if function == "Ref" and name in known:
        return known[name]
    kind = resources.get(name, {}).get("Type", "") if isinstance(name, str) else ""
    if kind in ARN_OF:
        own = own_name(str(name), resources[name]) if kind in OWN_NAMES else ""
        return place.fill("arn:{partition}:" + ARN_OF[kind].arns[0], own=own)
    return "*"


def _without_the_covered(arns: Collection[str]) -> list[str]:
    return [
        arn
        for arn in arns
        if not any(other != arn and fnmatchcase(arn, other.replace("?", "[?]")) for other in arns)
    ]


def listed(value: Any) -> list[Any]:  # noqa: ANN401
    """What stands alone or in a list."""
    return value if isinstance(value, list) else [value]


def _statements(resources: Resources) -> Iterator[Mapping[str, Any]]:
    for policy in _of_type(resources, POLICY):
        yield from policy["PolicyDocument"]["Statement"]
    for role in _of_type(resources, ROLE):
        for policy in role.get("Policies", []):
            yield from policy["PolicyDocument"]["Statement"]


def _of_type(resources: Resources, kind: str) -> list[Mapping[str, Any]]:
    return [one["Properties"] for one in resources.values() if one["Type"] == kind]
