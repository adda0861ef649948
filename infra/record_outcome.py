"""The end of an approval: by the workflow, or by the rule for executions that ended otherwise."""

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from functions.shared.settings import RecordOutcomeSettings
from infra.deployment import Deployment
from infra.notifications import Notifications
from infra.reasons import accept_wildcard
from infra.room import Room
from infra.tables import Tables


class RecordOutcome(Construct):
    """Closes approvals, tells the conversation and everyone who was asked."""

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
            room="record_outcome",
            settings=RecordOutcomeSettings(
                stage=page.stage,
                approvals_table=tables.approvals.table_name,
                audit_table=tables.audit.table_name,
                budgets_table=tables.budgets.table_name,
                conversations_table=tables.conversations.table_name,
                state_machine_arn=deployment.state_machine_arn,
                origin=origin,
                time_zone=page.time_zone,
                channel=notifications.channel,
                topic_arn=notifications.topic_arn,
                mail_from=notifications.mail_from,
            ),
            seconds=60,
            keeps_dead_letters=True,
        )
        tables.approvals.allow(
            self.function, "Query", "GetItem", "UpdateItem", "ConditionCheckItem"
        )
        tables.audit.allow(self.function, "PutItem")
        tables.budgets.allow(self.function, "UpdateItem")
        tables.conversations.allow(self.function, "PutItem")
        executions = deployment.state_machine("execution", "*")
        self.function.may(["states:DescribeExecution"], [executions])
        accept_wildcard(
            self.function.own_role,
            "Executions are named after approvals, which do not exist yet; the machine is named.",
            executions,
        )
        notifications.allow(self.function)
        events.Rule(
            self,
            "ExecutionEndedOtherwise",
            description="Executions that failed, timed out or were aborted reach RecordOutcome.",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={
                    "status": ["FAILED", "TIMED_OUT", "ABORTED"],
                    "stateMachineArn": [deployment.state_machine_arn],
                },
            ),
            targets=[
                targets.LambdaFunction(self.function, dead_letter_queue=deployment.dead_letters)
            ],
        )
