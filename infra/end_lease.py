"""The ends of leases: warn, stop, terminate what carries this stack's tags; look for what the ledger does not know."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from functions.shared.target_settings import EndLeaseSettings
from infra.deployment import Deployment
from infra.ending_rights import allow_ending
from infra.notifications import Notifications
from infra.reasons import accept_wildcard
from infra.room import Room, role_of
from infra.tables import Tables
from infra.targets import (
    LEASE,
    home_role_name,
    places_here,
    regions_of,
    target_roles,
    targets_text,
)

END_LEASE = "end_lease"


class EndLease(Construct):
    """May end only instances that carry an approval's tag and this stack's."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: Deployment,
        tables: Tables,
        notifications: Notifications,
        origin: str,
    ) -> None:
        super().__init__(scope, id)
        page = deployment.page
        self.function = Room(
            self,
            "Function",
            deployment=deployment,
            room=END_LEASE,
            settings=EndLeaseSettings(
                stage=page.stage,
                approvals_table=tables.approvals.table_name,
                audit_table=tables.audit.table_name,
                budgets_table=tables.budgets.table_name,
                targets=targets_text(deployment, "lease_role", "external_id"),
                stack=page.stack,
                origin=origin,
                time_zone=page.time_zone,
                channel=notifications.channel,
                topic_arn=notifications.topic_arn,
                mail_from=notifications.mail_from,
            ),
            seconds=120,
            keeps_dead_letters=True,
            role=role_of(
                self,
                "FunctionRole",
                name=deployment.function_name(END_LEASE),
                role_name=home_role_name(page, LEASE),
            ),
        )
        tables.approvals.allow(self.function, "GetItem", "BatchGetItem", "UpdateItem")
        tables.audit.allow(self.function, "PutItem")
        tables.budgets.allow(self.function, "UpdateItem")
        notifications.allow(self.function)
        self.function.may(["ec2:DescribeInstances"], ["*"])
        accept_wildcard(self.function.own_role, "ec2:DescribeInstances takes no resource.", "*")
        if elsewhere := target_roles(page, LEASE):
            self.function.may(["sts:AssumeRole"], elsewhere, sid="EndElsewhere")
        allow_ending(self.function.own_role, regions_of(places_here(page)), stack=page.stack)
        events.Rule(
            self,
            "EveryHour",
            description="Looks for instances of this stack that the ledger does not know.",
            schedule=events.Schedule.rate(Duration.hours(1)),
            targets=[
                targets.LambdaFunction(
                    self.function,
                    retry_attempts=0,
                    event=events.RuleTargetInput.from_object({"v": 2, "command": "strays"}),
                )
            ],
        )
