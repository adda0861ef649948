"""AWS's public parameters, by which the newest images are named."""

from collections.abc import Sequence

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam

from infra.reasons import accept_wildcard


def allow_public_parameters(role: iam.Role, regions: Sequence[str]) -> None:
    """Those of these regions may be read."""
    parameters = [
        Stack.of(role).format_arn(
            service="ssm",
            region=region,
            account="",
            resource="parameter",
            resource_name="aws/service/*",
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )
        for region in regions
    ]
    if not parameters:
        return
    role.add_to_policy(
        iam.PolicyStatement(
            sid="PublicParameters", actions=["ssm:GetParameters"], resources=parameters
        )
    )
    accept_wildcard(role, "AWS's public parameters, which every account may read.", *parameters)
