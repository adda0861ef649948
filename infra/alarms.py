"""What wakes an operator: hanging approvals, failed executions, dropped work, a stopped sweep, a silent model.

Each alarm names its page under docs/runbooks: what a person does at night.
"""

import re

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from infra.deployment import Deployment
from infra.figures import figure
from infra.room import Room

MINUTE = Duration.minutes(1)
FIVE_MINUTES = Duration.minutes(5)


def runbook(alarm: str) -> str:
    """The page of an alarm, from the repository's root."""
    words = re.sub(r"(?<!^)(?=[A-Z])", "-", alarm).lower()
    return f"docs/runbooks/{words}.md"


class Alarms(Construct):
    """Each alarm is a sentence; with an address on the operator's page it is mailed too."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: Deployment,
        sweep: Room,
        machine: stepfunctions.StateMachine,
    ) -> None:
        super().__init__(scope, id)
        self._deployment = deployment
        self._topic = self._mailed_topic()
        self._alarm(
            "ApprovalOverdue",
            "An approval is pending more than 5 minutes past its expiry.",
            self._found_by_sweep("ApprovalsOverdue"),
        )
        self._alarm(
            "ApprovalUnsettled",
            "An approval was decided more than 5 minutes ago and is not settled.",
            self._found_by_sweep("ApprovalsUnsettled"),
        )
        self._alarm(
            "LeaseOverdue",
            "A lease's warning, stop or termination is 15 minutes late.",
            self._found_by_sweep("LeasesOverdue"),
        )
        self._alarm(
            "LeaseRefused",
            "An instance whose lease is over does not carry its tags, so it was not touched.",
            self._figure("LeasesRefused", "end_lease", "Sum", FIVE_MINUTES),
        )
        self._alarm(
            "StraysFound",
            "Instances carry this stack's tag and the ledger does not know them.",
            self._figure("StraysFound", "end_lease", "Maximum", Duration.hours(1)),
        )
        self._alarm(
            "BudgetsUsed",
            "Used budgets refuse far more messages than people write: look who, or what, sends them.",
            self._figure("BudgetsUsed", "chat", "Sum", FIVE_MINUTES),
            threshold=50,
        )
        self._alarm(
            "ModelFails",
            "The model's service gives no answers: nobody can ask for anything.",
            self._figure("ModelErrors", "chat", "Sum", FIVE_MINUTES),
            threshold=10,
        )
        self._alarm(
            "DeadLetters",
            "A message could not be delivered; read it in the dead letter queue.",
            deployment.dead_letters.metric_approximate_number_of_messages_visible(
                statistic="Maximum", period=MINUTE
            ),
        )
        ended_otherwise = {
            "Failed": ("failed", machine.metric_failed(period=MINUTE)),
            "TimedOut": ("timed out", machine.metric_timed_out(period=MINUTE)),
            "Aborted": ("was aborted", machine.metric_aborted(period=MINUTE)),
        }
        for name, (words, metric) in ended_otherwise.items():
            self._alarm(f"Execution{name}", f"An approval's execution {words}.", metric)
        self._alarm(
            "SweepFailed",
            "The sweep fails: what a crash leaves behind stays there.",
            sweep.metric_errors(period=FIVE_MINUTES),
            threshold=3,
        )
        self._alarm(
            "SweepStopped",
            "The sweep has not run for 10 minutes.",
            sweep.metric_invocations(period=FIVE_MINUTES),
            at_most=True,
            threshold=0,
            periods=2,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )

    @property
    def topic_arn(self) -> str:
        """Where alarms are mailed from; empty without an address on the page."""
        return self._topic.topic_arn if self._topic else ""

    def _found_by_sweep(self, name: str) -> cloudwatch.Metric:
        return self._figure(name, "sweep", "Maximum", MINUTE)

    def _figure(self, name: str, room: str, statistic: str, period: Duration) -> cloudwatch.Metric:
        return figure(self._deployment, name, room, statistic=statistic, period=period)

    def _alarm(
        self,
        id: str,
        description: str,
        metric: cloudwatch.IMetric,
        *,
        threshold: int = 1,
        at_most: bool = False,
        periods: int = 1,
        missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> None:
        comparison = cloudwatch.ComparisonOperator
        alarm = cloudwatch.Alarm(
            self,
            id,
            alarm_description=f"{description} What to do: {runbook(id)}",
            metric=metric,
            threshold=threshold,
            comparison_operator=comparison.LESS_THAN_OR_EQUAL_TO_THRESHOLD
            if at_most
            else comparison.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=periods,
            treat_missing_data=missing,
        )
        if self._topic:
            alarm.add_alarm_action(actions.SnsAction(self._topic))

    def _mailed_topic(self) -> sns.Topic | None:
        address = self._deployment.page.alarm_email
        if not address:
            return None
        topic = sns.Topic(self, "Mail", master_key=self._deployment.key, enforce_ssl=True)
        topic.add_subscription(subscriptions.EmailSubscription(address))
        return topic
