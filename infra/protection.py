"""The key of everything personal, and the queue for what could not be delivered."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.page import Page
from infra.reasons import accept
from infra.stage import Stage

SENDERS = ("cloudwatch.amazonaws.com", "events.amazonaws.com", "sns.amazonaws.com")


class Protection(Construct):
    """One customer key for tables, topic, queue, secret and logs."""

    def __init__(self, scope: Construct, id: str, *, page: Page, stage: Stage) -> None:
        super().__init__(scope, id)
        self.key = kms.Key(
            self,
            "Key",
            description=f"{page.stack}: whatever holds people's words or names.",
            enable_key_rotation=True,
            removal_policy=stage.removal_policy,
        )
        self._admit_senders()
        self._admit_logs(page)
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=self.key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            removal_policy=stage.removal_policy,
        )
        accept(self.dead_letters, "It is the dead letter queue itself.", "SQS3")

    def _admit_senders(self) -> None:
        """Services that publish for us to the encrypted topics and queue."""
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="ServicesThatSendForUs",
                principals=[iam.ServicePrincipal(service) for service in SENDERS],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )

    def _admit_logs(self, page: Page) -> None:
        """CloudWatch Logs, for the log groups of this stack alone."""
        stack = Stack.of(self)
        groups = (
            f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group:{page.stack}-*"
        )
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="LogGroupsOfThisStack",
                principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
                actions=[
                    "kms:Decrypt",
                    "kms:DescribeKey",
                    "kms:Encrypt",
                    "kms:GenerateDataKey",
                    "kms:ReEncryptFrom",
                    "kms:ReEncryptTo",
                ],
                resources=["*"],
                conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
            )
        )
