"""The tables, encrypted with the deployment's key; grants name verbs and indexes."""

from collections.abc import Sequence

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra.deployment import Deployment
from infra.room import Room

READ = {"GetItem", "BatchGetItem", "Query", "ConditionCheckItem"}
EXPIRY = "delete_after"


class Table(dynamodb.Table):
    """On demand, recoverable to any second of 35 days, items deleted after `delete_after`."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: Deployment,
        partition_key: str,
        sort_key: str | None = None,
    ) -> None:
        super().__init__(
            scope,
            id,
            partition_key=text(partition_key),
            sort_key=text(sort_key) if sort_key else None,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=deployment.key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=deployment.stage.deletion_protection,
            removal_policy=deployment.stage.removal_policy,
            time_to_live_attribute=EXPIRY,
        )
        self._key = deployment.key

    def allow(self, function: Room, *verbs: str, indexes: Sequence[str] = ()) -> None:
        """Allow a Lambda these verbs on the table or, where indexes are named, on them alone."""
        resources = [f"{self.table_arn}/index/{index}" for index in indexes] or [self.table_arn]
        function.may([f"dynamodb:{verb}" for verb in verbs], resources)
        use = ["kms:Decrypt", "kms:DescribeKey"]
        if not READ.issuperset(verbs):
            use += ["kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
        self._key.grant(function, *use)


class Tables(Construct):
    """conversations, approvals, their audit, and the task tokens that one Lambda writes and another reads."""

    def __init__(self, scope: Construct, id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, id)
        self.conversations = Table(
            self, "Conversations", deployment=deployment, partition_key="pk", sort_key="sk"
        )
        self.conversations.add_global_secondary_index(
            index_name="owner_list",
            partition_key=text("owner"),
            sort_key=text("started_at"),
            projection_type=dynamodb.ProjectionType.INCLUDE,
            non_key_attributes=["title", "agent"],
        )
        self.conversations.add_global_secondary_index(
            index_name="unfinished",
            partition_key=text("unfinished"),
            sort_key=number("due_at"),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        self.approvals = Table(
            self, "Approvals", deployment=deployment, partition_key="pk", sort_key="sk"
        )
        self.approvals.add_global_secondary_index(
            index_name="by_status",
            partition_key=text("status"),
            sort_key=text("created_at"),
            projection_type=dynamodb.ProjectionType.ALL,
        )
        self.approvals.add_global_secondary_index(
            index_name="unfinished",
            partition_key=text("unfinished"),
            sort_key=number("due_at"),
            projection_type=dynamodb.ProjectionType.INCLUDE,
            non_key_attributes=["status", "expires_at", "closed_at"],
        )
        self.audit = Table(self, "Audit", deployment=deployment, partition_key="pk", sort_key="sk")
        self.task_tokens = Table(
            self, "TaskTokens", deployment=deployment, partition_key="approval_id"
        )
        self.budgets = Table(self, "Budgets", deployment=deployment, partition_key="pk")


def text(name: str) -> dynamodb.Attribute:
    """A key attribute that is a string."""
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


def number(name: str) -> dynamodb.Attribute:
    """A key attribute that is a number."""
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.NUMBER)
