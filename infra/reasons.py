"""Writes down, beside the construct, why a finding of cdk-nag is meant."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct


def accept(construct: IConstruct, reason: str, *rules: str) -> None:
    """Accept findings on this construct and below it, for this reason."""
    Validations.of(construct).acknowledge(
        *(Acknowledgment(id=f"AwsSolutions-{rule}", reason=reason) for rule in rules)
    )


def accept_wildcard(construct: IConstruct, reason: str, *arns: str) -> None:
    """Accept that a role names these resources with a star, for this reason."""
    accept(construct, reason, *(f"IAM5[Resource::{spelled(construct, arn)}]" for arn in arns))


def spelled(construct: IConstruct, arn: str) -> str:
    """An ARN as cdk-nag writes it: what is known at deploy stands in angle brackets."""
    resolved = Stack.of(construct).resolve(arn)
    if isinstance(resolved, str):
        return resolved
    separator, parts = resolved["Fn::Join"]
    return str(separator).join(part if isinstance(part, str) else _named(part) for part in parts)


def _named(reference: Mapping[str, Any]) -> str:
    if "Ref" in reference:
        return f"<{reference['Ref']}>"
    return f"<{'.'.join(reference['Fn::GetAtt'])}>"
