"""What differs between local, dev and prod, as values; no construct asks for the stage's name."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_logs as logs


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage's values."""

    name: str
    removal_policy: RemovalPolicy
    """What becomes of data when the stack goes."""
    deletion_protection: bool
    mfa: cognito.Mfa
    access_token_validity: Duration
    log_retention: logs.RetentionDays
    subscribes_mail: bool
    """Whether recipients get an e-mail subscription each; the laptop run reads queues instead."""
    admin_sign_in: bool
    """Whether a script with AWS credentials may sign a user in by password."""
    compiles_for_lambda: bool
    """Whether zips are for the Lambda runtime; otherwise for this machine's interpreter."""
    isolates_by_network: bool
    """Whether a network without a way out confines Python; otherwise this machine's kernel does."""


def stage_of(name: str) -> Stage:
    """The values of the stage the operator's page names."""
    return STAGES[name]


STAGES: Mapping[str, Stage] = {
    "local": Stage(
        name="local",
        removal_policy=RemovalPolicy.DESTROY,
        deletion_protection=False,
        mfa=cognito.Mfa.OPTIONAL,
        access_token_validity=Duration.hours(24),
        log_retention=logs.RetentionDays.ONE_WEEK,
        subscribes_mail=False,
        admin_sign_in=True,
        compiles_for_lambda=False,
        isolates_by_network=False,
    ),
    "dev": Stage(
        name="dev",
        removal_policy=RemovalPolicy.DESTROY,
        deletion_protection=False,
        mfa=cognito.Mfa.OPTIONAL,
        access_token_validity=Duration.hours(1),
        log_retention=logs.RetentionDays.ONE_MONTH,
        subscribes_mail=True,
        admin_sign_in=False,
        compiles_for_lambda=True,
        isolates_by_network=True,
    ),
    "prod": Stage(
        name="prod",
        removal_policy=RemovalPolicy.RETAIN,
        deletion_protection=True,
        mfa=cognito.Mfa.REQUIRED,
        access_token_validity=Duration.hours(1),
        log_retention=logs.RetentionDays.ONE_YEAR,
        subscribes_mail=True,
        admin_sign_in=False,
        compiles_for_lambda=True,
        isolates_by_network=True,
    ),
}
