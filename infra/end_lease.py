"""The ends of leases: warn, stop, terminate what carries this stack's tags; look for what the ledger does not know."""

from aws_cdk import ArnFormat, Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from constructs import Construct

from functions.shared.instance_tags import TAG_APPROVAL, TAG_STACK
from functions.shared.target_settings import EndLeaseSettings
from infra.deployment import Deployment
from infra.notifications import Notifications
from infra.reasons import accept_wildcard
from infra.room import Room, role_of
from infra.tables import Tables
from infra.targets import LEASE, home_role_name, places_here, target_roles, targets_text

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
        self._may_end_tagged_instances(deployment)
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

    def _may_end_tagged_instances(self, deployment: Deployment) -> None:
        every_instance = [
            deployment.stack.format_arn(
                service="ec2",
                region=region,
                resource="instance",
                resource_name="*",
                arn_format=ArnFormat.SLASH_RESOURCE_NAME,
            )
            for region in dict.fromkeys(place.region for place in places_here(deployment.page))
        ]
        if not every_instance:
            return
        self.function.add_to_role_policy(
            iam.PolicyStatement(
                sid="EndWhatWasLaunchedHere",
                actions=["ec2:StopInstances", "ec2:TerminateInstances"],
                resources=every_instance,
                conditions={
                    "StringEquals": {f"aws:ResourceTag/{TAG_STACK}": deployment.page.stack},
                    "Null": {f"aws:ResourceTag/{TAG_APPROVAL}": "false"},
                },
            )
        )
        accept_wildcard(
            self.function.own_role,
            "Instances are launched later; tags of approval and stack bind what may be ended.",
            *every_instance,
        )
