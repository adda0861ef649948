"""Corrections of IAM: what a policy on launches may ask about, and a record of refusals."""

import contextvars
import json
import re
from collections.abc import Callable, Iterator, Mapping
from email.utils import parseaddr
from typing import Any

from local.emulator.ec2 import record
from local.emulator.ec2.launching import PROFILE
from local.emulator.ec2.starting import INTERFACE, encrypted_devices, groups_of, subnet_of
from local.emulator.ec2.wire import flat
from local.emulator.patching import resolve, wrap

ACTIONS = "ministack.core.iam_actions"
EVALUATOR = "ministack.core.iam_evaluator"
COLLECTORS = "ministack.services.tagging:_RESOURCE_TAG_COLLECTORS"
ENDING = frozenset({"ec2:StopInstances", "ec2:TerminateInstances"})

Enforce = Callable[..., Any]
_asked: contextvars.ContextVar[dict[str, str] | None] = contextvars.ContextVar(
    "asked", default=None
)
_named: contextvars.ContextVar[list[str]] = contextvars.ContextVar("named", default=[])  # noqa: B039 - never changed in place


def launch_policies_see_their_conditions() -> None:
    """Stock: `ec2:InstanceType`, `ec2:MetadataHttpTokens`, `aws:RequestTag/…` and `aws:TagKeys`
    are unknown for a launch, so each conditioned statement denies, and only one resource is
    checked. Here: RunInstances is checked on each resource it touches, with that resource's
    keys, tags need `ec2:CreateTags` with `ec2:CreateAction`, and an instance profile needs
    `iam:PassRole` on the role in it."""

    def on_each_resource(enforce: Enforce) -> Enforce:
        def check(
            access_key: str,
            action: str,
            service: str,
            region: str,
            resource_arn: str = "*",
            service_context: Mapping[str, Any] | None = None,
        ) -> Any:  # noqa: ANN401
            asked = _asked.get()
            if action != "ec2:RunInstances" or asked is None:
                return enforce(access_key, action, service, region, resource_arn, service_context)
            from ministack.core.responses import get_account_id

            for verb, arn, context in launch_checks(asked, region, get_account_id()):
                denied = enforce(access_key, verb, service, region, arn, context)
                if denied:
                    return denied
            return None

        return check

    wrap(f"{ACTIONS}:request_tag_context", _remembering_the_parameters)
    wrap(f"{EVALUATOR}:enforce", on_each_resource)


def launch_checks(
    asked: Mapping[str, str], region: str, account: str
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Action, resource and condition keys of each check that AWS makes for one RunInstances."""
    tags = _tags_by_type(asked)
    here = f"arn:aws:ec2:{region}:{account}"
    resources = {
        "instance": f"{here}:instance/*",
        "volume": f"{here}:volume/*",
        "network-interface": f"{here}:network-interface/*",
        "image": f"arn:aws:ec2:{region}::image/{asked.get('ImageId', '*')}",
        "subnet": f"{here}:subnet/{subnet_of(asked) or '*'}",
        "security-group": f"{here}:security-group/{(groups_of(asked) or ['*'])[0]}",
    }
    if asked.get("KeyName"):
        resources["key-pair"] = f"{here}:key-pair/{asked['KeyName']}"
    for kind, arn in resources.items():
        yield "ec2:RunInstances", arn, _keys(kind, asked, region) | _tag_keys(tags.get(kind, {}))
    for kind, named in tags.items():
        if kind in resources:
            creating = {"ec2:CreateAction": "RunInstances"} | _tag_keys(named)
            yield "ec2:CreateTags", resources[kind], creating
    for group in groups_of(asked)[1:]:
        yield "ec2:RunInstances", f"{here}:security-group/{group}", {"ec2:Region": region}
    yield from _passed_roles(asked)


def _passed_roles(asked: Mapping[str, str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The role in the instance profile, where that is one."""
    profile = asked.get("IamInstanceProfile.Arn")
    found = resolve(PROFILE)(arn=profile) if profile else None
    for role in found["Roles"] if found else ():
        from ministack.services import iam

        to_ec2 = {"iam:PassedToService": "ec2.amazonaws.com"}
        yield "iam:PassRole", iam._roles[role]["Arn"], to_ec2


def _keys(kind: str, asked: Mapping[str, str], region: str) -> dict[str, Any]:
    keys: dict[str, Any] = {"ec2:Region": region}
    if kind == "instance":
        keys |= {
            "ec2:InstanceType": asked.get("InstanceType", "m1.small"),
            "ec2:MetadataHttpTokens": asked.get("MetadataOptions.HttpTokens", "optional"),
            "ec2:MetadataHttpEndpoint": asked.get("MetadataOptions.HttpEndpoint", "enabled"),
            "ec2:EbsOptimized": asked.get("EbsOptimized", "false"),
            "ec2:Tenancy": asked.get("Placement.Tenancy", "default"),
        }
        if profile := asked.get("IamInstanceProfile.Arn"):
            keys["ec2:InstanceProfile"] = profile
    if kind == "volume":
        disks = encrypted_devices(asked)
        keys["ec2:Encrypted"] = str(bool(disks) and all(disks.values())).lower()
    if kind == "network-interface":
        is_public = asked.get(f"{INTERFACE}AssociatePublicIpAddress")
        keys |= {"ec2:AssociatePublicIpAddress": is_public} if is_public else {}
    return keys


def _tag_keys(tags: Mapping[str, str]) -> dict[str, Any]:
    if not tags:
        return {}
    return {f"aws:RequestTag/{key}": value for key, value in tags.items()} | {
        "aws:TagKeys": list(tags)
    }


def _tags_by_type(asked: Mapping[str, str]) -> dict[str, dict[str, str]]:
    tags: dict[str, dict[str, str]] = {}
    for name, value in asked.items():
        found = re.fullmatch(r"(TagSpecification\.\d+)\.(Tag\.\d+)\.Key", name)
        if found:
            kind = asked.get(f"{found[1]}.ResourceType", "")
            tags.setdefault(kind, {})[value] = asked.get(f"{found[1]}.{found[2]}.Value", "")
    return tags


def ending_policies_see_an_instances_tags() -> None:
    """Stock: `aws:ResourceTag/…` is unknown for an instance, so each statement with such a condition
    denies, and of several ids only the first is checked. Here: StopInstances and
    TerminateInstances are checked on each instance, with its tags."""
    from ministack.services import tagging

    tagging._RESOURCE_TAG_COLLECTORS["ec2"] = _tagged_instances

    def on_each_instance(enforce: Enforce) -> Enforce:
        def check(
            access_key: str,
            action: str,
            service: str,
            region: str,
            resource_arn: str = "*",
            service_context: Mapping[str, Any] | None = None,
        ) -> Any:  # noqa: ANN401
            asked = _asked.get()
            if action not in ENDING or asked is None:
                return enforce(access_key, action, service, region, resource_arn, service_context)
            for name, value in asked.items():
                if re.fullmatch(r"InstanceId\.\d+", name):
                    arn = f"{resource_arn.rpartition('/')[0]}/{value}"
                    denied = enforce(access_key, action, service, region, arn, service_context)
                    if denied:
                        return denied
            return None

        return check

    wrap(f"{ACTIONS}:request_tag_context", _remembering_the_parameters)
    wrap(f"{EVALUATOR}:enforce", on_each_instance)


def _tagged_instances() -> Iterator[tuple[str, list[dict[str, str]]]]:
    from ministack.core.responses import get_account_id, get_region
    from ministack.services import ec2

    for instance in ec2._instances:
        arn = f"arn:aws:ec2:{get_region()}:{get_account_id()}:instance/{instance}"
        yield arn, ec2._tags.get(instance, [])


def parameters_are_checked_each_by_its_name() -> None:
    """Stock: `ssm:GetParameters` is checked on `*`, so that a grant on some parameters denies. Here: on
    each parameter that is named; AWS's public ones are in no account."""

    def remembering(read: Callable[..., Any]) -> Callable[..., Any]:
        def request_tag_context(service: str, action: str, body: bytes, parameters: Any) -> Any:  # noqa: ANN401
            asked = json.loads(body) if action == "ssm:GetParameters" else {}
            _named.set(list(asked.get("Names", ())))
            return read(service, action, body, parameters)

        return request_tag_context

    def on_each_parameter(enforce: Enforce) -> Enforce:
        def check(
            access_key: str,
            action: str,
            service: str,
            region: str,
            resource_arn: str = "*",
            service_context: Mapping[str, Any] | None = None,
        ) -> Any:  # noqa: ANN401
            if action != "ssm:GetParameters":
                return enforce(access_key, action, service, region, resource_arn, service_context)
            from ministack.core.responses import get_account_id

            for name in _named.get():
                account = "" if name.startswith("/aws/service/") else get_account_id()
                arn = f"arn:aws:ssm:{region}:{account}:parameter/{name.lstrip('/')}"
                denied = enforce(access_key, action, service, region, arn, service_context)
                if denied:
                    return denied
            return None

        return check

    wrap(f"{ACTIONS}:request_tag_context", remembering)
    wrap(f"{EVALUATOR}:enforce", on_each_parameter)


def loopback_counts_as_secure_transport() -> None:
    """Stock: `aws:SecureTransport` is false for plain HTTP, so that every policy which demands TLS
    (the CDK's own bucket has one) denies. Here: what arrives on loopback counts as TLS."""

    def secure(pin: Callable[[str, bool], None]) -> Callable[[str, bool], None]:
        return lambda source_ip, _secure_transport: pin(source_ip, True)

    wrap("ministack.app:pin_request_origin", secure)


def mails_are_checked_on_their_senders_identity() -> None:
    """Stock: `ses:SendEmail` is checked on `*`, so that a grant on one identity denies. Here: on the
    identity of the `From` address, as AWS does."""

    def on_identity(name: Callable[..., str]) -> Callable[..., str]:
        def resource(method: str, path: str, body: bytes, region: str, account: str) -> str:
            if path.rstrip("/") != "/v2/email/outbound-emails":
                return name(method, path, body, region, account)
            sender = parseaddr(json.loads(body).get("FromEmailAddress", ""))[1]
            return f"arn:aws:ses:{region}:{account}:identity/{sender}"

        return resource

    wrap(f"{ACTIONS}:_ses_v2_resource_arn", on_identity)


def refused_ec2_calls_are_recorded() -> None:
    """Stock: nobody can tell which EC2 call IAM refused. Here: such a call is in the record too,
    as 403 `UnauthorizedOperation`, or 401 `AuthFailure` for credentials that are not known."""

    def recorded(enforce: Enforce) -> Enforce:
        def check(access_key: str, action: str, service: str, *rest: Any, **named: Any) -> Any:  # noqa: ANN401
            denied = enforce(access_key, action, service, *rest, **named)
            if denied and service == "ec2":
                unknown = type(denied).__name__ == "AuthError"
                answer = (
                    {"status": 401, "code": "AuthFailure"}
                    if unknown
                    else {"status": 403, "code": "UnauthorizedOperation"}
                )
                record.write(action.partition(":")[2], _asked.get() or {}, answer)
            return denied

        return check

    wrap(f"{ACTIONS}:request_tag_context", _remembering_the_parameters)
    wrap(f"{EVALUATOR}:enforce", recorded)


def _remembering_the_parameters(read: Callable[..., Any]) -> Callable[..., Any]:
    def request_tag_context(service: str, action: str, body: bytes, parameters: Any) -> Any:  # noqa: ANN401
        _asked.set(flat(parameters) if service == "ec2" else None)
        return read(service, action, body, parameters)

    return request_tag_context
