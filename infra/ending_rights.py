"""What ends instances may: stop and terminate those that an approval of this stack started, and no other."""

from collections.abc import Sequence

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam

from functions.shared.instance_tags import TAG_APPROVAL, TAG_STACK
from infra.reasons import accept_wildcard


def allow_ending(role: iam.Role, regions: Sequence[str], *, stack: str) -> None:
    """In these regions of the role's account; `stack` is what the tag countersign:stack says."""
    every_instance = [
        Stack.of(role).format_arn(
            service="ec2",
            region=region,
            resource="instance",
            resource_name="*",
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )
        for region in regions
    ]
    if not every_instance:
        return
    role.add_to_policy(
        iam.PolicyStatement(
            sid="EndWhatWasLaunchedHere",
            actions=["ec2:StopInstances", "ec2:TerminateInstances"],
            resources=every_instance,
            conditions={
                "StringEquals": {f"aws:ResourceTag/{TAG_STACK}": stack},
                "Null": {f"aws:ResourceTag/{TAG_APPROVAL}": "false"},
            },
        )
    )
    accept_wildcard(
        role,
        "Instances are launched later; tags of approval and stack bind what may be ended.",
        *every_instance,
    )
