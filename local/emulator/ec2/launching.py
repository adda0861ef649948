"""Corrections of RunInstances: what AWS refuses, what it only rehearses, what it does once."""

import json
import re
import threading
from functools import cache

from local.emulator.ec2.starting import INTERFACE, groups_of, subnet_of
from local.emulator.ec2.wire import (
    Answer,
    Handler,
    Parameters,
    around_action,
    around_every_action,
    flat,
    is_dry_run,
    refusal,
)
from local.emulator.patching import resolve

PROFILE = "ministack.services.iam:_lookup_instance_profile"
DEMO_IMAGE = "ami-012261b9035f8f938"

_ledger: dict[tuple[str, str, str], tuple[str, Answer]] = {}
_launching = threading.Lock()


def a_dry_run_does_nothing() -> None:
    """Stock: `DryRun` is ignored, so `RunInstances(DryRun=True)` launches. Here, for every
    action: the IAM check comes first, then `DryRunOperation`."""

    def rehearsed(_: str, handler: Handler) -> Handler:
        def handle(parameters: Parameters) -> Answer:
            if not is_dry_run(parameters):
                return handler(parameters)
            message = "Request would have succeeded, but DryRun flag is set."
            return refusal("DryRunOperation", message, 412)

        return handle

    around_every_action(rehearsed)


def a_launch_names_what_exists() -> None:
    """Stock: invented images, types, key pairs, groups, subnets and instance profiles are accepted
    and launch. Here: AWS's codes, in a dry run too."""

    def checked(handler: Handler) -> Handler:
        def handle(parameters: Parameters) -> Answer:
            return _objection(flat(parameters)) or handler(parameters)

        return handle

    around_action("RunInstances", checked)


def _objection(asked: dict[str, str]) -> Answer | None:
    from ministack.services import ec2

    for name in ("ImageId", "MinCount", "MaxCount"):
        if not asked.get(name):
            return refusal("MissingParameter", f"The request must contain the parameter {name}")
    image = asked["ImageId"]
    if not re.fullmatch(r"ami-([0-9a-f]{8}|[0-9a-f]{17})", image):
        return refusal("InvalidAMIID.Malformed", f'Invalid id: "{_quoted(image)}"')
    known = {stub[0] for stub in ec2._STUB_AMIS}
    if image not in known and ec2._registered_image(image) is None:
        return refusal("InvalidAMIID.NotFound", f"The image id '[{image}]' does not exist")
    kind = asked.get("InstanceType")
    if kind and kind not in instance_types():
        message = f"Invalid value '{_quoted(kind)}' for InstanceType."
        return refusal("InvalidParameterValue", message)
    key = asked.get("KeyName")
    if key and key not in ec2._key_pairs:
        return refusal("InvalidKeyPair.NotFound", f"The key pair '{_quoted(key)}' does not exist")
    for group in groups_of(asked):
        if group not in ec2._security_groups:
            message = f"The security group '{_quoted(group)}' does not exist"
            return refusal("InvalidGroup.NotFound", message)
    return _network_objection(asked) or _profile_objection(asked)


def _network_objection(asked: dict[str, str]) -> Answer | None:
    from ministack.services import ec2

    subnet = subnet_of(asked)
    if subnet and subnet not in ec2._subnets:
        message = f"The subnet ID '{_quoted(subnet)}' does not exist"
        return refusal("InvalidSubnetID.NotFound", message)
    is_twice = "SubnetId" in asked or "SecurityGroupId.1" in asked
    if is_twice and any(name.startswith(INTERFACE) for name in asked):
        message = (
            "Network interfaces and an instance-level subnet ID or security groups may not be "
            "specified on the same request"
        )
        return refusal("InvalidParameterCombination", message)
    return None


def _profile_objection(asked: dict[str, str]) -> Answer | None:
    profile = asked.get("IamInstanceProfile.Arn")
    if profile and resolve(PROFILE)(arn=profile) is None:
        message = (
            f"Value ({_quoted(profile)}) for parameter iamInstanceProfile.arn is invalid. Invalid "
            "IAM Instance Profile ARN"
        )
        return refusal("InvalidParameterValue", message)
    return None


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@cache
def instance_types() -> frozenset[str]:
    """Every type that the SDK's model of EC2 names."""
    from ministack.core import iam_actions

    model = iam_actions._load_botocore_model("ec2")
    return frozenset(model["shapes"]["InstanceType"]["enum"])


def a_client_token_launches_once() -> None:
    """Stock: `ClientToken` is ignored, a repeat launches again. Here: the same token and
    parameters answer the first launch, other parameters `IdempotentParameterMismatch`; a dry run
    uses no token up."""

    def once(handler: Handler) -> Handler:
        def handle(parameters: Parameters) -> Answer:
            from ministack.core.responses import get_account_id, get_region

            asked = flat(parameters)
            token = asked.pop("ClientToken", "")
            if not token or is_dry_run(parameters):
                return handler(parameters)
            if len(token) > 64:
                return refusal("InvalidParameterValue", "ClientToken is longer than 64 characters")
            key = (get_account_id(), get_region(), token)
            signature = json.dumps(asked, sort_keys=True)
            with _launching:
                if key in _ledger:
                    same, answer = _ledger[key]
                    return answer if same == signature else _mismatch()
                answer = handler(parameters)
                if answer[0] == 200:
                    _ledger[key] = (signature, answer)
                return answer

        return handle

    around_action("RunInstances", once)


def _mismatch() -> Answer:
    return refusal(
        "IdempotentParameterMismatch",
        "Arguments on this idempotent request are inconsistent with arguments used in previous "
        "request(s).",
    )


def the_demo_image_exists() -> None:
    """Stock: four images of its own. Here: also the one of the demo's dialogue."""
    from ministack.services import ec2

    ec2._STUB_AMIS.append(
        (
            DEMO_IMAGE,
            "al2023-ami-2023.9.20251117.1-kernel-6.1-x86_64",
            "Amazon Linux 2023 AMI",
            "",
            "/dev/xvda",
            "137112412989",
            "amazon",
        )
    )
