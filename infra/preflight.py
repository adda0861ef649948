"""Preflight: looks a request over with Describe rights, before anybody is asked."""

from collections.abc import Sequence

from constructs import Construct

from functions.shared.target_settings import PreflightSettings
from infra.deployment import Deployment
from infra.reasons import accept_wildcard
from infra.room import Room, role_of
from infra.runbooks import Runbook
from infra.tables import Tables
from infra.targets import LOOK, home_role_name, target_roles, targets_text

PREFLIGHT = "preflight"
READS = (
    "ec2:DescribeImages",
    "ec2:DescribeInstanceTypeOfferings",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeInstances",
    "ec2:DescribeKeyPairs",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "iam:ListAccountAliases",
    "pricing:GetProducts",
    "servicequotas:GetServiceQuota",
)


class Preflight(Construct):
    """Reads the account, writes one row per request."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: Deployment,
        tables: Tables,
        runbooks: Sequence[Runbook],
    ) -> None:
        super().__init__(scope, id)
        page = deployment.page
        self.function = Room(
            self,
            "Function",
            deployment=deployment,
            room=PREFLIGHT,
            settings=PreflightSettings(
                stage=page.stage,
                approvals_table=tables.approvals.table_name,
                targets=targets_text(deployment, "look_role", "external_id"),
                lease_hours=page.effective_lease_hours,
                stack=page.stack,
            ),
            seconds=25,
            role=role_of(
                self,
                "FunctionRole",
                name=deployment.function_name(PREFLIGHT),
                role_name=home_role_name(page, PREFLIGHT),
            ),
        )
        tables.approvals.allow(self.function, "GetItem", "PutItem")
        self.function.may(READS, ["*"], sid="Look")
        accept_wildcard(
            self.function.own_role,
            "EC2's Describe actions, the account's alias, quotas and prices take no resource.",
            "*",
        )
        if elsewhere := target_roles(page, LOOK):
            self.function.may(["sts:AssumeRole"], elsewhere, sid="LookElsewhere")
        if runbooks:
            documents = sorted({runbook.arn(deployment.stack) for runbook in runbooks})
            self.function.may(["ssm:DescribeDocument"], documents, sid="Runbooks")
