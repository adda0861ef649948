"""The policies that a deploy needs, made from the template: for CloudFormation, for who deploys, and as a ceiling."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from infra import permissions_places as on
from infra.permissions_places import On, Place
from infra.permissions_rights import NAMED, OWN_NAMES, RIGHTS, WITHOUT_RIGHTS, Rights, own_name
from infra.permissions_roles import bounded_by, services_of

POLICY_CHARACTERS = 6144
"""IAM's limit for a managed policy, white space not counted."""
POLICIES_OF_A_ROLE = 10
ROLES_OF_THE_CDK = ("deploy-role", "file-publishing-role", "lookup-role")
GIVING_RIGHTS = frozenset({"iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"})

Template = Mapping[str, Any]
Statement = dict[str, Any]
Document = dict[str, Any]


class CannotTell(Exception):
    """The template holds something whose rights are not known; the message says where to write them."""


def place_of(template: Template, *, stack: str, account: str, region: str) -> Place:
    """Where a template goes; the bootstrap's qualifier stands in it."""
    version = template.get("Parameters", {}).get("BootstrapVersion", {}).get("Default", "")
    qualifier = version.split("/")[2] if version else on.CDK_QUALIFIER
    return Place(stack=stack, account=account, region=region, qualifier=qualifier)


def execution(template: Template, place: Place) -> tuple[Document, ...]:
    """What CloudFormation's role may do for this template; several policies where one gets too long.

    Raises `CannotTell`."""
    resources = template["Resources"]
    needed: list[tuple[On, str]] = []
    for resource in resources.values():
        needed += _rights_of(resource["Type"])
    statements = list(statements_of(needed, place, own=own_names(resources, place)))
    services = services_of(resources)
    if services:
        statements.append(
            {
                "Sid": "PassRoles",
                "Effect": "Allow",
                "Action": "iam:PassRole",
                "Resource": _arns(on.ROLES, place, {}),
                "Condition": {"StringEquals": {"iam:PassedToService": services}},
            }
        )
    boundary = bounded_by(resources, place)
    if boundary:
        statements = list(_bounded(statements, boundary))
    return tuple(_documents(statements))


def deploying(place: Place) -> Document:
    """What is needed for a deploy once the account is bootstrapped: the CDK's roles, nothing else."""
    roles = [
        place.fill(
            "arn:{partition}:iam::{account}:role/cdk-{qualifier}-{role}-{account}-{region}",
            role=role,
        )
        for role in ROLES_OF_THE_CDK
    ]
    return document_of(
        [{"Sid": "CdkRoles", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": roles}]
    )


def statements_of(
    rights: Iterable[tuple[On, str]],
    place: Place,
    *,
    own: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[Statement]:
    """A statement for each kind of resource, with all actions on it; `own` are names by the kind's sid."""
    actions: dict[str, set[str]] = {}
    kinds: dict[str, On] = {}
    for kind, text in rights:
        prefix, *words = text.split()
        kinds[kind.sid] = kind
        actions.setdefault(kind.sid, set()).update(prefix + word for word in words)
    for sid, kind in sorted(kinds.items()):
        arns = _arns(kind, place, own or {})
        if not actions[sid] or not arns:
            continue
        statement: Statement = {
            "Sid": sid,
            "Effect": "Allow",
            "Action": sorted(actions[sid]),
            "Resource": arns,
        }
        if kind.condition:
            statement["Condition"] = _filled(kind.condition, place)
        yield statement


def characters(document: Document) -> int:
    """How long a policy is as IAM counts."""
    return len(json.dumps(document, separators=(",", ":")).replace(" ", ""))


def document_of(statements: Sequence[Statement]) -> Document:
    """A policy of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _rights_of(kind: str) -> Rights:
    if kind in WITHOUT_RIGHTS:
        return ()
    if kind not in RIGHTS:
        raise CannotTell(
            f"What CloudFormation may do for {kind} is not known: write it in infra/permissions_rights.py."
        )
    return (*RIGHTS[kind], (on.BOOTSTRAP, "ssm: GetParameters"))


def own_names(resources: Mapping[str, Any], place: Place) -> dict[str, list[str]]:
    """The names of resources by the sid of their kind, where they do not begin with the stack's.

    Raises `CannotTell`."""
    names: dict[str, list[str]] = {}
    for logical, resource in resources.items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        given = properties.get(NAMED.get(kind, ""))
        if isinstance(given, str) and not given.startswith(f"{place.stack}-"):
            raise CannotTell(
                f"{logical} is named {given}: a name has to begin with {place.stack}-."
            )
        if kind in OWN_NAMES:
            names.setdefault(RIGHTS[kind][0][0].sid, []).append(own_name(logical, resource))
    return names


def _arns(kind: On, place: Place, own: Mapping[str, Sequence[str]]) -> list[str]:
    if kind.arns == on.ANY:
        return ["*"]
    arns = []
    for arn in kind.arns:
        for name in sorted(own.get(kind.sid, ())) if "{own}" in arn else [""]:
            arns.append(place.fill("arn:{partition}:" + arn, own=name))
    return arns


def _filled(condition: Mapping[str, Mapping[str, Any]], place: Place) -> dict[str, dict[str, Any]]:
    return {
        operator: {key: place.fill(str(value)) for key, value in keys.items()}
        for operator, keys in condition.items()
    }


def _bounded(statements: Iterable[Statement], boundary: str) -> Iterator[Statement]:
    """Roles are given rights only below the boundary."""
    for statement in statements:
        if statement["Sid"] != on.ROLES.sid:
            yield statement
            continue
        giving = sorted(GIVING_RIGHTS)
        yield {**statement, "Action": [one for one in statement["Action"] if one not in giving]}
        yield {
            **statement,
            "Sid": "RolesBelowTheBoundary",
            "Action": giving,
            "Condition": {"StringEquals": {"iam:PermissionsBoundary": boundary}},
        }


def _documents(statements: Iterable[Statement]) -> Iterator[Document]:
    """Policies that are each short enough."""
    taken: list[Statement] = []
    for statement in statements:
        if taken and characters(document_of([*taken, statement])) > POLICY_CHARACTERS:
            yield document_of(taken)
            taken = []
        taken.append(statement)
    yield document_of(taken)
