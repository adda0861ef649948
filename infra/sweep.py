"""The guarantee: every minute, whatever is unfinished is handed to whoever owns it."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from functions.shared.settings import SweepSettings
from infra.chat import CONTINUE_TURN
from infra.deployment import Deployment
from infra.end_lease import END_LEASE
from infra.room import Room
from infra.tables import Tables

OWNERS = (CONTINUE_TURN, "decide_approval", "record_outcome", "request_approval", END_LEASE)


class Sweep(Construct):
    """Reads the two sparse indexes and invokes; it has no rights to the work itself."""

    def __init__(
        self, scope: Construct, id: str, *, deployment: Deployment, tables: Tables
    ) -> None:
        super().__init__(scope, id)
        self.function = Room(
            self,
            "Function",
            deployment=deployment,
            room="sweep",
            settings=SweepSettings(
                conversations_table=tables.conversations.table_name,
                approvals_table=tables.approvals.table_name,
                continue_turn_function=deployment.function_name(CONTINUE_TURN),
                decide_approval_function=deployment.function_name("decide_approval"),
                record_outcome_function=deployment.function_name("record_outcome"),
                request_approval_function=deployment.function_name("request_approval"),
                end_lease_function=deployment.function_name(END_LEASE),
            ),
            seconds=50,
        )
        tables.conversations.allow(self.function, "Query", indexes=["unfinished"])
        tables.approvals.allow(self.function, "Query", indexes=["unfinished"])
        self.function.may(
            ["lambda:InvokeFunction"], [deployment.function_arn(owner) for owner in OWNERS]
        )
        events.Rule(
            self,
            "EveryMinute",
            schedule=events.Schedule.rate(Duration.minutes(1)),
            targets=[targets.LambdaFunction(self.function, retry_attempts=0)],
        )
