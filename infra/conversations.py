"""The caller's own conversations."""

from constructs import Construct

from functions.shared.settings import ConversationsSettings
from infra.deployment import Deployment
from infra.python import Python
from infra.room import Room
from infra.tables import Tables


class Conversations(Construct):
    """List, transcript, delete."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: Deployment,
        tables: Tables,
        python: Python | None,
    ) -> None:
        super().__init__(scope, id)
        self.function = Room(
            self,
            "Function",
            deployment=deployment,
            room="conversations",
            settings=ConversationsSettings(
                conversations_table=tables.conversations.table_name,
                approvals_table=tables.approvals.table_name,
                notebooks_bucket=python.bucket.bucket_name if python else "",
            ),
        )
        tables.conversations.allow(
            self.function, "Query", "GetItem", "DeleteItem", "BatchWriteItem"
        )
        tables.conversations.allow(self.function, "Query", indexes=["owner_list"])
        tables.approvals.allow(self.function, "BatchGetItem")
        if python:
            python.allow_forgetting(self.function)
